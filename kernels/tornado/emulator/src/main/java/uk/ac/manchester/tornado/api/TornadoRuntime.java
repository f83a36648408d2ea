package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The backends and their devices. */
public interface TornadoRuntime {
  /** The backend of this number. */
  TornadoBackend getBackend(int index);

  /** How the devices of the backend of this number are driven. */
  TornadoVMBackendType getBackendType(int index);

  /** How many backends there are. */
  int getNumBackends();

  /** The device that is taken where none is named. */
  TornadoDevice getDefaultDevice();
}
