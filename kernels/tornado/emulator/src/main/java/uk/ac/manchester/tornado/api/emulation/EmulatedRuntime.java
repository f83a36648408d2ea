package uk.ac.manchester.tornado.api.emulation;

import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The runtime of the one emulated device, and the backend that has it. */
public final class EmulatedRuntime implements TornadoRuntime, TornadoBackend {
  /** The runtime. */
  public static final EmulatedRuntime INSTANCE = new EmulatedRuntime();

  private final TornadoDevice device = new EmulatedDevice();

  private EmulatedRuntime() {}

  @Override
  public TornadoBackend getBackend(int index) {
    only("backend", index);
    return this;
  }

  @Override
  public TornadoVMBackendType getBackendType(int index) {
    return getBackend(index).getBackendType();
  }

  @Override
  public int getNumBackends() {
    return 1;
  }

  @Override
  public TornadoDevice getDefaultDevice() {
    return device;
  }

  @Override
  public int getNumDevices() {
    return 1;
  }

  @Override
  public TornadoDevice getDevice(int index) {
    only("device", index);
    return device;
  }

  @Override
  public List<TornadoDevice> getAllDevices() {
    return List.of(device);
  }

  @Override
  public TornadoDeviceType getTypeDefaultDevice() {
    return device.getDeviceType();
  }

  @Override
  public String getName() {
    return "emulator";
  }

  @Override
  public int getNumPlatforms() {
    return 1;
  }

  @Override
  public TornadoVMBackendType getBackendType() {
    return device.getTornadoVMBackend();
  }

  private static void only(String what, int index) {
    if (index != 0) {
      throw new TornadoRuntimeException("the emulator has one " + what + ", number 0, and no number " + index);
    }
  }
}
