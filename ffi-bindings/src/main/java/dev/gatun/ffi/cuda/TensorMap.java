package dev.gatun.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A tensor map: how the copy engine of a multiprocessor (TMA, compute capability 9.0 and newer) walks a tensor. Kernels take its 128 bytes by
 * value, aligned to 64. Owns its memory, which is not the tensor's, and needs no closing.
 */
public final class TensorMap {
  /** The size of a map. */
  public static final int BYTES = 128;

  private static final int ALIGNMENT = 128;
  private static final int MOST_DIMENSIONS = 5;
  private static final MethodHandle ENCODE = Downcall.handle("LIILLLLLIIII");

  /** Types of elements, numbered as {@code CUtensorMapDataType}. */
  public enum Type {
    /** Unsigned bytes. */ UINT8,
    /** Unsigned 16-bit integers. */ UINT16,
    /** Unsigned 32-bit integers. */ UINT32,
    /** Signed 32-bit integers. */ INT32,
    /** Unsigned 64-bit integers. */ UINT64,
    /** Signed 64-bit integers. */ INT64,
    /** IEEE half precision. */ FLOAT16,
    /** IEEE single precision. */ FLOAT32,
    /** IEEE double precision. */ FLOAT64,
    /** bfloat16. */ BFLOAT16,
    /** Single precision, subnormal values as zero. */ FLOAT32_FTZ,
    /** TF32. */ TFLOAT32,
    /** TF32, subnormal values as zero. */ TFLOAT32_FTZ
  }

  /** How 16-byte pieces are exchanged in shared memory against bank conflicts, numbered as {@code CUtensorMapSwizzle}. */
  public enum Swizzle {
    /** Not at all. */ NONE,
    /** Within 32 bytes. */ BYTES_32,
    /** Within 64 bytes. */ BYTES_64,
    /** Within 128 bytes. */ BYTES_128
  }

  /** How much the L2 cache fetches at once, numbered as {@code CUtensorMapL2promotion}. */
  public enum L2Promotion {
    /** What is asked for. */ NONE,
    /** 64 bytes. */ BYTES_64,
    /** 128 bytes. */ BYTES_128,
    /** 256 bytes. */ BYTES_256
  }

  private final MemorySegment segment;

  private TensorMap(MemorySegment segment) {
    this.segment = segment;
  }

  /**
   * A tiled map without interleaving. Outside the tensor the copy engine reads zeros.
   *
   * @param address the tensor's first element on the device, a multiple of 16
   * @param sizes elements of each dimension, the densest first; up to five
   * @param strides bytes from one element to the next of the second and each further dimension, multiples of 16; one fewer than sizes
   * @param box elements of one copy in each dimension, up to 256
   * @throws CudaException when the driver refuses the map
   */
  public static TensorMap tiled(Context context, Type type, long address, long[] sizes, long[] strides, int[] box, Swizzle swizzle,
      L2Promotion promotion) {
    int rank = sizes.length;
    if (rank < 1 || rank > MOST_DIMENSIONS || strides.length != rank - 1 || box.length != rank) {
      throw new IllegalArgumentException("a tensor map has 1 to " + MOST_DIMENSIONS + " sizes, one stride fewer, and as many box sizes; were "
          + rank + ", " + strides.length + " and " + box.length);
    }
    if (address == 0 || address % 16 != 0) {
      throw new IllegalArgumentException("a tensor map needs an address that is a multiple of 16, was 0x" + Long.toHexString(address));
    }
    Driver driver = context.driver();
    MemorySegment map = Arena.ofAuto().allocate(BYTES, ALIGNMENT);
    try (Arena arena = Arena.ofConfined()) {
      long dims = arena.allocateFrom(ValueLayout.JAVA_LONG, sizes).address();
      long steps = rank == 1 ? 0 : arena.allocateFrom(ValueLayout.JAVA_LONG, strides).address();
      long boxes = arena.allocateFrom(ValueLayout.JAVA_INT, box).address();
      int[] ones = new int[rank];
      java.util.Arrays.fill(ones, 1);
      long elementStrides = arena.allocateFrom(ValueLayout.JAVA_INT, ones).address();
      context.perform(driver.cuTensorMapEncodeTiled, () -> encode(driver.cuTensorMapEncodeTiled, map.address(), type.ordinal(), rank, address, dims,
          steps, boxes, elementStrides, swizzle.ordinal(), promotion.ordinal()));
    }
    return new TensorMap(map);
  }

  /** Its 128 bytes, read-only. */
  public MemorySegment segment() {
    return segment.asReadOnly();
  }

  /** Copies it into launch parameters; the offset has to make the address a multiple of 64. */
  public void writeTo(MemorySegment params, long offset) {
    if ((params.address() + offset) % 64 != 0) {
      throw new IllegalArgumentException("a tensor map in launch parameters is aligned to 64 bytes, was at 0x" + Long.toHexString(params.address() + offset));
    }
    MemorySegment.copy(segment, 0, params, offset, BYTES);
  }

  private static int encode(Entry entry, long map, int type, int rank, long address, long dims, long steps, long boxes, long elementStrides,
      int swizzle, int promotion) {
    try {
      return (int) ENCODE.invokeExact(entry.code("LIILLLLLIIII"), map, type, rank, address, dims, steps, boxes, elementStrides, 0, swizzle, promotion, 0);
    } catch (Throwable t) {
      throw Downcall.broken(entry, t);
    }
  }
}
