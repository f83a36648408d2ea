package uk.ac.manchester.tornado.api.emulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * The local arrays of the group that runs now. The k-th array that each item asks for is one and the same; a group finds them filled with
 * what no kernel should compute with: NaN, or bytes of {@code 0xA5}.
 */
public final class LocalMemory {
  private final String task;
  private final int[] taken;
  private final List<Object> arrays = new ArrayList<>();
  private long bytes;

  LocalMemory(String task, int items) {
    this.task = task;
    this.taken = new int[items];
  }

  /** The item's next array, as floats. */
  public float[] floats(int item, int size) {
    return next(item, size, Float.BYTES, float[].class, float[]::new);
  }

  /** The item's next array, as doubles. */
  public double[] doubles(int item, int size) {
    return next(item, size, Double.BYTES, double[].class, double[]::new);
  }

  /** The item's next array, as ints. */
  public int[] ints(int item, int size) {
    return next(item, size, Integer.BYTES, int[].class, int[]::new);
  }

  /** The item's next array, as longs. */
  public long[] longs(int item, int size) {
    return next(item, size, Long.BYTES, long[].class, long[]::new);
  }

  /** The item's next array, as bytes. */
  public byte[] bytes(int item, int size) {
    return next(item, size, 1, byte[].class, byte[]::new);
  }

  /** The next group starts. */
  void reset() {
    if (!arrays.isEmpty()) {
      Arrays.fill(taken, 0);
      arrays.forEach(LocalMemory::spoil);
    }
  }

  private synchronized <T> T next(int item, int size, int elementBytes, Class<T> type, IntFunction<T> make) {
    int place = taken[item]++;
    if (place == arrays.size()) {
      bytes += (long) size * elementBytes;
      if (size < 1 || bytes > EmulatedDevice.LOCAL_MEMORY) {
        throw new TornadoRuntimeException(task + " asks for a local array of " + size + " elements, in all " + bytes
            + " bytes of local memory; there are " + EmulatedDevice.LOCAL_MEMORY);
      }
      T array = make.apply(size);
      spoil(array);
      arrays.add(array);
      return array;
    }
    Object array = arrays.get(place);
    int length = java.lang.reflect.Array.getLength(array);
    if (!type.isInstance(array) || length != size) {
      throw new TornadoRuntimeException(task + " asks for local array " + (place + 1) + " as " + type.getComponentType() + "[" + size
          + "] in one item and as " + array.getClass().getComponentType() + "[" + length + "] in another");
    }
    return type.cast(array);
  }

  private static void spoil(Object array) {
    switch (array) {
      case float[] floats -> Arrays.fill(floats, Float.NaN);
      case double[] doubles -> Arrays.fill(doubles, Double.NaN);
      case int[] ints -> Arrays.fill(ints, 0xA5A5A5A5);
      case long[] longs -> Arrays.fill(longs, 0xA5A5A5A5A5A5A5A5L);
      case byte[] bytes -> Arrays.fill(bytes, (byte) 0xA5);
      default -> throw new AssertionError(array);
    }
  }
}
