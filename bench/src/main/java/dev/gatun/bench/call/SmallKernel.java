package dev.gatun.bench.call;

import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A kernel of one block that is over at once. On a device it is empty, as PTX that every driver of today compiles. The emulator knows compiled kernels alone, so there it is
 * rms_norm of one row, with parameters as {@code native/cuda/kernels/norms.cu} lays them out, and its answer is checked.
 */
final class SmallKernel implements AutoCloseable {
  static final int THREADS = 128;

  private static final String EMPTY = """
      .version 6.0
      .target sm_50
      .address_size 64
      .visible .entry gatun_empty(.param .u64 unused) .maxntid 128, 1, 1 { ret; }
      """;
  static final int WIDTH = 128;
  static final long BYTES = 3L * Float.BYTES * WIDTH;
  private static final int ROWS_BYTES = 56;
  private static final float EPSILON = 1e-5f;

  private final Arena arena = Arena.ofShared();
  private final boolean emulated;
  private final Context context;
  private final DeviceMemory memory;
  private final MemorySegment parameters;

  SmallKernel(Context context, boolean emulated) {
    this(context, emulated, context.allocate(BYTES));
  }

  /** In memory of {@value #BYTES} bytes, which it takes over: x, y and the weights, one after the other. */
  SmallKernel(Context context, boolean emulated, DeviceMemory memory) {
    this.emulated = emulated;
    this.context = context;
    this.memory = memory;
    this.parameters = arena.allocate(136, 8);
    if (emulated) {
      rows(0, memory.address());
      rows(ROWS_BYTES, memory.address() + Float.BYTES * WIDTH);
      parameters.set(ValueLayout.JAVA_LONG, 112, memory.address() + 2L * Float.BYTES * WIDTH);
      parameters.set(ValueLayout.JAVA_INT, 128, WIDTH);
      parameters.set(ValueLayout.JAVA_FLOAT, 132, EPSILON);
    }
  }

  private void rows(long at, long address) {
    parameters.set(ValueLayout.JAVA_LONG, at, address);
    parameters.set(ValueLayout.JAVA_LONG, at + 16, (long) Float.BYTES * WIDTH);
    parameters.set(ValueLayout.JAVA_INT, at + 40, 1);
    parameters.set(ValueLayout.JAVA_INT, at + 44, 1);
    parameters.set(ValueLayout.JAVA_INT, at + 48, 1);
  }

  byte[] image() {
    return ((emulated ? "gatun-emulated norms\n" : EMPTY) + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  MemorySegment nativeImage() {
    MemorySegment image = arena.allocate(image().length, Long.BYTES);
    return image.copyFrom(MemorySegment.ofArray(image()));
  }

  String symbol() {
    return emulated ? "gatun_rms_norm_128" : "gatun_empty";
  }

  MemorySegment parameters() {
    return parameters;
  }

  ByteBuffer parameterBytes() {
    return parameters.asByteBuffer().order(java.nio.ByteOrder.nativeOrder());
  }

  /** Fills in what it reads, and clears what it writes. */
  void prepare(Stream stream) {
    MemorySegment values = arena.allocate(ValueLayout.JAVA_FLOAT, 3 * WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 7 - 3);
      values.setAtIndex(ValueLayout.JAVA_FLOAT, 2 * WIDTH + i, 1 + i % 3);
    }
    stream.copyToDevice(values, memory, 0);
    stream.synchronize();
  }

  /** @throws IllegalStateException if the kernel did not do its work since {@link #prepare} */
  void check(Stream stream, String by) {
    context.synchronize();
    if (!emulated) {
      return;
    }
    MemorySegment values = arena.allocate(ValueLayout.JAVA_FLOAT, 3 * WIDTH);
    stream.copyToHost(memory, 0, values);
    stream.synchronize();
    double squares = 0;
    for (int i = 0; i < WIDTH; i++) {
      squares += Math.pow(i % 7 - 3, 2);
    }
    for (int i = 0; i < WIDTH; i++) {
      double wanted = (i % 7 - 3) / Math.sqrt(squares / WIDTH + EPSILON) * (1 + i % 3);
      float found = values.getAtIndex(ValueLayout.JAVA_FLOAT, WIDTH + i);
      if (!(Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)))) {
        throw new IllegalStateException(by + ": the kernel gave " + found + " for " + wanted + " at " + i + "; its time would mean nothing");
      }
    }
  }

  @Override
  public void close() {
    memory.close();
    arena.close();
  }
}
