package dev.gatun.bench.peer;

import jcuda.driver.CUdeviceptr;

/** Device memory as JCuda knows it, by the driver's address: for handing memory of one to the other. It owns nothing. */
public final class DeviceAddress extends CUdeviceptr {
  /** Filled in by JCuda, as by {@code cuMemAlloc}. */
  public DeviceAddress() {}

  /** Of memory that was allocated elsewhere. */
  public DeviceAddress(long address) {
    super(new Origin(), address);
  }

  /** The driver's address. */
  public long address() {
    return getNativePointer() + getByteOffset();
  }

  /** The address 0, from which the others are counted. */
  private static final class Origin extends CUdeviceptr {}

  @Override
  public CUdeviceptr withByteOffset(long bytes) {
    return new DeviceAddress(address() + bytes);
  }
}
