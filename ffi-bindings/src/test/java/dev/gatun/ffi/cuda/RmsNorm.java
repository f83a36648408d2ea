package dev.gatun.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The kernel that the tests launch, {@code y = x / sqrt(mean(x²) + epsilon) · weight} over rows in single precision, with memory for its
 * tensors and its parameters as {@code native/cuda/kernels/norms.cu} lays them out. The truth is a plain loop in double precision.
 */
final class RmsNorm implements AutoCloseable {
  static final String UNIT = "norms";
  static final String SYMBOL = "gatun_rms_norm_128";
  static final int THREADS = 128;
  private static final float EPSILON = 1e-5f;
  private static final int ROWS_BYTES = 56;
  private static final int PARAMS_BYTES = 136;

  final int rows;
  final int width;
  final float[] values;
  final float[] weights;
  final DeviceMemory x;
  final DeviceMemory y;
  final DeviceMemory weight;
  final MemorySegment params;
  private final Context context;
  private final Arena arena = Arena.ofShared();

  RmsNorm(Context context, int rows, int width, long seed) {
    this.rows = rows;
    this.width = width;
    Random random = new Random(seed);
    this.values = floats(random, rows * width);
    this.weights = floats(random, width);
    this.context = context;
    List<DeviceMemory> made = new ArrayList<>();
    try {
      for (int elements : new int[] {rows * width, rows * width, width}) {
        made.add(context.allocate(4L * elements));
      }
    } catch (RuntimeException e) {
      made.forEach(DeviceMemory::close);
      throw e;
    }
    this.x = made.get(0);
    this.y = made.get(1);
    this.weight = made.get(2);
    this.params = arena.allocate(PARAMS_BYTES, 8);
    rows(0, x.address());
    rows(ROWS_BYTES, y.address());
    params.set(ValueLayout.JAVA_LONG, 112, weight.address());
    params.set(ValueLayout.JAVA_INT, 128, width);
    params.set(ValueLayout.JAVA_FLOAT, 132, EPSILON);
  }

  LaunchConfig config() {
    return LaunchConfig.of(rows, THREADS, 0);
  }

  void upload(Stream stream) {
    stream.copyToDevice(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), x, 0);
    stream.copyToDevice(arena.allocateFrom(ValueLayout.JAVA_FLOAT, weights), weight, 0);
  }

  /** What the device has in y, once the stream's work is done. */
  float[] result(Stream stream) {
    MemorySegment host = arena.allocate(4L * rows * width, 4);
    stream.copyToHost(y, 0, host);
    stream.synchronize();
    return host.toArray(ValueLayout.JAVA_FLOAT);
  }

  double[] expected() {
    double[] expected = new double[rows * width];
    for (int r = 0; r < rows; r++) {
      double squares = 0;
      for (int i = 0; i < width; i++) {
        squares += (double) values[r * width + i] * values[r * width + i];
      }
      for (int i = 0; i < width; i++) {
        expected[r * width + i] = values[r * width + i] / Math.sqrt(squares / width + EPSILON) * weights[i];
      }
    }
    return expected;
  }

  /** Copies may still read its host memory, when a test failed between them and the wait for them. */
  @Override
  @SuppressWarnings("try")
  public void close() {
    try (Arena closedLast = arena; DeviceMemory first = x; DeviceMemory second = y; DeviceMemory third = weight) {
      context.synchronize();
    } catch (CudaException e) {
      if (!e.call().equals("cuCtxSynchronize")) {
        throw e;
      }
    }
  }

  private void rows(long at, long address) {
    params.set(ValueLayout.JAVA_LONG, at, address);
    params.set(ValueLayout.JAVA_LONG, at + 16, 4L * width);
    params.set(ValueLayout.JAVA_INT, at + 40, rows);
    params.set(ValueLayout.JAVA_INT, at + 44, 1);
    params.set(ValueLayout.JAVA_INT, at + 48, 1);
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }
}
