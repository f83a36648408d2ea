package uk.ac.manchester.tornado.api.common;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A device that task graphs run on. */
public interface TornadoDevice {
  /** Waits for what the plan of this number has started. */
  void sync(long executionPlanId);

  /** The name. */
  String getDeviceName();

  /** A description. */
  String getDescription();

  /** The platform that the device belongs to. */
  String getPlatformName();

  /** What the device is able to. */
  TornadoTargetDevice getPhysicalDevice();

  /** The kind of hardware. */
  TornadoDeviceType getDeviceType();

  /** The most bytes of one array. */
  long getMaxAllocMemory();

  /** The bytes of memory. */
  long getMaxGlobalMemory();

  /** The bytes of local memory that a group has. */
  long getDeviceLocalMemorySize();

  /** The most work-items of a group in each dimension. */
  long[] getDeviceMaxWorkgroupDimensions();

  /** The number of the backend that has the device. */
  int getBackendIndex();

  /** What the device is driven through. */
  TornadoVMBackendType getTornadoVMBackend();
}
