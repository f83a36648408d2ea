package uk.ac.manchester.tornado.api;

/** What a device is able to. */
public interface TornadoTargetDevice {
  /** The name. */
  String getDeviceName();

  /** The bytes of memory. */
  long getDeviceGlobalMemorySize();

  /** The bytes of local memory that a group has. */
  long getDeviceLocalMemorySize();

  /** How many units run groups. */
  int getDeviceMaxComputeUnits();

  /** The most work-items of a group in each dimension. */
  long[] getDeviceMaxWorkItemSizes();

  /** The most work-items of a group. */
  long[] getDeviceMaxWorkGroupSize();

  /** The most work-items of a group. */
  int getMaxThreadsPerBlock();

  /** The clock in MHz; 0 where there is none. */
  int getDeviceMaxClockFrequency();

  /** The most bytes of one array. */
  long getDeviceMaxAllocationSize();

  /** A description. */
  String getDeviceInfo();
}
