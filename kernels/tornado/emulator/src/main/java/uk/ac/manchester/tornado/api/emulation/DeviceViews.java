package uk.ac.manchester.tornado.api.emulation;

import java.lang.foreign.MemorySegment;
import java.util.function.BiFunction;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Makes arrays over device memory, which the arrays' own package alone can construct. */
public final class DeviceViews {
  private static volatile BiFunction<TornadoNativeArray, MemorySegment, TornadoNativeArray> maker;

  private DeviceViews() {}

  /** The arrays' package says how. */
  public static void register(BiFunction<TornadoNativeArray, MemorySegment, TornadoNativeArray> how) {
    maker = how;
  }

  /** An array of the class and size of {@code array} over {@code storage}, header included. */
  public static TornadoNativeArray of(TornadoNativeArray array, MemorySegment storage) {
    return maker.apply(array, storage);
  }
}
