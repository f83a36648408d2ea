package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.TornadoEngines;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** The device that this JVM's tests run on. */
final class TestDevice {
  static final boolean EMULATED = TornadoEngines.here().equals("tornado-emulated");

  private TestDevice() {}

  /**
   * The first device, got as a backend gets it: TornadoVM reads its settings when it is first asked for anything, and whoever asks before
   * they are made leaves every later test of the JVM without a backend. The emulator is always there; where a device is said to be, its
   * absence is a failure, not a reason to skip.
   */
  static TornadoDevice here() {
    assertThat(Installation.refusal(EMULATED, BackendOptions.none())).isEmpty();
    return Installation.device(EMULATED, BackendOptions.none());
  }
}
