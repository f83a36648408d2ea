package uk.ac.manchester.tornado.api.runtime;

import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.emulation.EmulatedRuntime;

/** Where the runtime is found. */
public class TornadoRuntimeProvider {
  /** Nothing to construct: the methods are static. */
  public TornadoRuntimeProvider() {}

  /** The runtime; here one backend with the emulated device. */
  public static TornadoRuntime getTornadoRuntime() {
    return EmulatedRuntime.INSTANCE;
  }
}
