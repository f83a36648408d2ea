package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** {@link RowDot} by decoding {@link Panel#DEPTH} weights at a time into the first-level cache: for types with too few bits to be bound by memory. */
final class DecodedRow implements RowDot {
  private final DType type;
  private final RowDecoder decoder;

  DecodedRow(DType type, RowDecoder decoder) {
    this.type = type;
    this.decoder = decoder;
  }

  @Override
  public float dot(MemorySegment w, long offset, int k, float[] x, float[] sums, float[] scratch) {
    float[] weights = Panel.ofThread().weights;
    Arrays.fill(scratch, 0, 2 * L, 0);
    for (int from = 0; from < k; from += Panel.DEPTH) {
      int count = Math.min(Panel.DEPTH, k - from);
      decoder.decode(w, offset + type.bytes(from), count, weights, 0);
      add(weights, x, from, count, scratch);
    }
    Wide.floats(scratch, 0).add(Wide.floats(scratch, L)).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  /** Adds the products to the 2L partial sums at the start of {@code sums}: a vector that lived across the call of a decoder would be an object. */
  private static void add(float[] weights, float[] x, int from, int count, float[] sums) {
    FloatVector a = Wide.floats(sums, 0);
    FloatVector b = Wide.floats(sums, L);
    for (int i = 0; i < count; i += 2 * L) {
      a = Wide.floats(weights, i).fma(Wide.floats(x, from + i), a);
      b = Wide.floats(weights, i + L).fma(Wide.floats(x, from + i + L), b);
    }
    a.intoArray(sums, 0);
    b.intoArray(sums, L);
  }
}
