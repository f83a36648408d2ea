package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import java.util.function.LongToIntFunction;

/** A device that the driver shows. Owns nothing. */
public final class Device {
  private static final int NAME_BYTES = 256;
  private static final int BUS_ID_BYTES = 32;

  private final Cuda cuda;
  private final Driver driver;
  private final int ordinal;
  private final int handle;
  private final String name;

  Device(Cuda cuda, int ordinal, int handle) {
    this.cuda = cuda;
    this.driver = cuda.driver();
    this.ordinal = ordinal;
    this.handle = handle;
    this.name = NativeText.in(filled(driver.cuDeviceGetName, NAME_BYTES, out -> call(driver.cuDeviceGetName, out, NAME_BYTES, handle)));
  }

  /** The library that shows it. */
  public Cuda cuda() {
    return cuda;
  }

  /** Its number, from 0. */
  public int ordinal() {
    return ordinal;
  }

  /** Its name, as {@code NVIDIA H100 80GB HBM3}. */
  public String name() {
    return name;
  }

  /** One of its attributes, in the unit that the attribute states. */
  public int attribute(DeviceAttribute a) {
    return filled(driver.cuDeviceGetAttribute, Integer.BYTES, out -> call(driver.cuDeviceGetAttribute, out, a.number(), handle))
        .get(ValueLayout.JAVA_INT, 0);
  }

  /** Its memory in bytes. */
  public long totalMemory() {
    return filled(driver.cuDeviceTotalMem_v2, Long.BYTES, out -> call(driver.cuDeviceTotalMem_v2, out, handle)).get(ValueLayout.JAVA_LONG, 0);
  }

  /** Its compute capability as 10 × major + minor: 80 for 8.0, 90 for 9.0, 120 for 12.0. */
  public int computeCapability() {
    return 10 * attribute(DeviceAttribute.COMPUTE_CAPABILITY_MAJOR) + attribute(DeviceAttribute.COMPUTE_CAPABILITY_MINOR);
  }

  /** Its identifier as nvidia-smi prints it, {@code GPU-} and a UUID. */
  public String uuid() {
    MemorySegment bytes = filled(driver.cuDeviceGetUuid_v2, 2 * Long.BYTES, out -> call(driver.cuDeviceGetUuid_v2, out, handle));
    ValueLayout.OfLong bigEndian = ValueLayout.JAVA_LONG.withOrder(java.nio.ByteOrder.BIG_ENDIAN);
    return "GPU-" + new UUID(bytes.get(bigEndian, 0), bytes.get(bigEndian, Long.BYTES));
  }

  /** Its place on the PCI bus, as {@code 0000:3B:00.0}. */
  public String pciBusId() {
    return NativeText.in(filled(driver.cuDeviceGetPCIBusId, BUS_ID_BYTES, out -> call(driver.cuDeviceGetPCIBusId, out, BUS_ID_BYTES, handle)));
  }

  /** Whether its kernels can read and write the memory of another device, after {@link Context#enablePeerAccess}. */
  public boolean canAccess(Device peer) {
    return filled(driver.cuDeviceCanAccessPeer, Integer.BYTES, out -> call(driver.cuDeviceCanAccessPeer, out, handle, peer.handle))
        .get(ValueLayout.JAVA_INT, 0) != 0;
  }

  /**
   * Retains the device's primary context, the one that the CUDA runtime and other libraries use too. Each call retains it once more; the
   * caller closes what it got.
   */
  public Context primaryContext() {
    return Context.primary(this);
  }

  @Override
  public String toString() {
    return "device " + ordinal + " (" + name + ")";
  }

  int handle() {
    return handle;
  }

  long retainPrimary() {
    return filled(driver.cuDevicePrimaryCtxRetain, Long.BYTES, out -> call(driver.cuDevicePrimaryCtxRetain, out, handle)).get(ValueLayout.JAVA_LONG, 0);
  }

  int releasePrimary() {
    return call(driver.cuDevicePrimaryCtxRelease_v2, handle);
  }

  /** What a call wrote to memory of that size; these calls need no context. */
  private MemorySegment filled(Entry function, int bytes, LongToIntFunction made) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(bytes, Long.BYTES);
      driver.check(function, made.applyAsInt(out.address()), name == null ? "device " + ordinal : this);
      return MemorySegment.ofArray(new long[(bytes + 7) / 8]).asSlice(0, bytes).copyFrom(out);
    }
  }
}
