package dev.gatun.tck.oracle;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;

/** Tensors in arrays of the Java heap, for cases small enough to be worked out by hand. */
final class HeapTensors {
  static final float NAN = Float.NaN;

  private HeapTensors() {}

  static Tensor floats(long[] shape, float... values) {
    return Tensor.ofHost(MemorySegment.ofArray(values), DType.F32, shape);
  }

  static Tensor row(float... values) {
    return floats(new long[] {1, values.length}, values);
  }

  static Tensor vector(float... values) {
    return floats(new long[] {values.length}, values);
  }

  static Tensor ints(int... values) {
    return Tensor.ofHost(MemorySegment.ofArray(values), DType.I32, values.length);
  }

  static Tensor output(DType dtype, long... shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    return Tensor.ofHost(MemorySegment.ofArray(new byte[(int) dtype.bytes(elements)]), dtype, shape);
  }

  /** One sequence in slot 0 with tokens at {@code positions}. */
  static Ragged oneSequence(int... positions) {
    return new Ragged(ints(0, positions.length), ints(0), ints(positions));
  }

  static double[] y(Operator op) {
    return Oracle.compute(op, Host.buffers()).get("y");
  }

  static long[] shape(long... sizes) {
    return sizes;
  }
}
