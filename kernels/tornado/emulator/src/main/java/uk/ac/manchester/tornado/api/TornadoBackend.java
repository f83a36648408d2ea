package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The devices that are driven in one way. */
public interface TornadoBackend {
  /** The device that is taken where none is named. */
  TornadoDevice getDefaultDevice();

  /** How many devices there are. */
  int getNumDevices();

  /** The device of this number. */
  TornadoDevice getDevice(int index);

  /** The devices. */
  List<TornadoDevice> getAllDevices();

  /** What kind of hardware the default device is. */
  TornadoDeviceType getTypeDefaultDevice();

  /** The name. */
  String getName();

  /** How many platforms the devices belong to. */
  int getNumPlatforms();

  /** How the devices are driven. */
  TornadoVMBackendType getBackendType();
}
