package uk.ac.manchester.tornado.api.emulation;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The device on which kernels run as Java. */
public final class EmulatedDevice implements TornadoDevice, TornadoTargetDevice {
  /** The most work-items of a group. */
  public static final int MAX_GROUP = 1024;
  /** What local arrays of a group take at most: what NVIDIA's compiler gives arrays of constant sizes, the least of the larger devices. */
  public static final int LOCAL_MEMORY = 48 << 10;
  static final long MAX_ALLOCATION = (1L << 31) - 64;
  private static final long MEMORY = 8L << 30;
  private static final int UNITS = 4;

  EmulatedDevice() {}

  @Override
  public void sync(long executionPlanId) {
    // An execution has ended when the plan answers.
  }

  @Override
  public String getDeviceName() {
    return "emulated";
  }

  @Override
  public String getDescription() {
    return "Gatun's emulator of a TornadoVM device: kernels run as Java";
  }

  @Override
  public String getDeviceInfo() {
    return getDescription();
  }

  @Override
  public String getPlatformName() {
    return "Gatun";
  }

  @Override
  public TornadoTargetDevice getPhysicalDevice() {
    return this;
  }

  @Override
  public TornadoDeviceType getDeviceType() {
    return TornadoDeviceType.CPU;
  }

  @Override
  public long getMaxAllocMemory() {
    return MAX_ALLOCATION;
  }

  @Override
  public long getDeviceMaxAllocationSize() {
    return MAX_ALLOCATION;
  }

  @Override
  public long getMaxGlobalMemory() {
    return MEMORY;
  }

  @Override
  public long getDeviceGlobalMemorySize() {
    return MEMORY;
  }

  @Override
  public long getDeviceLocalMemorySize() {
    return LOCAL_MEMORY;
  }

  @Override
  public int getDeviceMaxComputeUnits() {
    return UNITS;
  }

  @Override
  public long[] getDeviceMaxWorkgroupDimensions() {
    return new long[] {MAX_GROUP, MAX_GROUP, MAX_GROUP};
  }

  @Override
  public long[] getDeviceMaxWorkItemSizes() {
    return getDeviceMaxWorkgroupDimensions();
  }

  @Override
  public long[] getDeviceMaxWorkGroupSize() {
    return new long[] {MAX_GROUP};
  }

  @Override
  public int getMaxThreadsPerBlock() {
    return MAX_GROUP;
  }

  @Override
  public int getDeviceMaxClockFrequency() {
    return 0;
  }

  @Override
  public int getBackendIndex() {
    return 0;
  }

  @Override
  public TornadoVMBackendType getTornadoVMBackend() {
    return TornadoVMBackendType.JAVA;
  }

  @Override
  public String toString() {
    return getDescription();
  }
}
