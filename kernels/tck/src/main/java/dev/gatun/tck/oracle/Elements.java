package dev.gatun.tck.oracle;

import dev.gatun.GatunException;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;

/** Elements of tensors in float64, row after row without gaps, whatever the strides. */
final class Elements {
  private Elements() {}

  /** The actual size of dimension 0: the count of whichever operand has one, clamped to the bound. */
  static int rows(Host host, Tensor... operands) {
    for (Tensor operand : operands) {
      if (operand.count().isPresent()) {
        double actual = read(host, operand.count().get(), 1)[0];
        return (int) Math.max(0, Math.min(actual, operand.size(0)));
      }
    }
    return Math.toIntExact(operands[0].size(0));
  }

  /** Every element, up to the bound. */
  static double[] all(Host host, Tensor tensor) {
    return read(host, tensor, Math.toIntExact(tensor.size(0)));
  }

  /** The elements of the first {@code rows} indices of dimension 0. */
  static double[] read(Host host, Tensor tensor, int rows) {
    if (!tensor.isPlain()) {
      throw new GatunException("the oracle reads plain tensors only, not " + tensor + "; give it the operator over the original weight");
    }
    long[] sizes = tensor.shape().sizes();
    sizes[0] = rows;
    int row = Math.toIntExact(sizes[sizes.length - 1]);
    int outer = 1;
    for (int i = 0; i < sizes.length - 1; i++) {
      outer = Math.multiplyExact(outer, Math.toIntExact(sizes[i]));
    }
    double[] values = new double[Math.multiplyExact(outer, row)];
    if (values.length == 0) {
      return values;
    }
    MemorySegment memory = host.memory(tensor);
    for (int o = 0; o < outer; o++) {
      long element = 0;
      int rest = o;
      for (int i = sizes.length - 2; i >= 0; i--) {
        element += rest % sizes[i] * tensor.stride(i);
        rest /= (int) sizes[i];
      }
      copyRow(tensor, memory, element, values, o * row, row);
    }
    return values;
  }

  private static void copyRow(Tensor tensor, MemorySegment memory, long first, double[] into, int at, int length) {
    int block = tensor.dtype().blockSize();
    int bytes = tensor.dtype().blockBytes();
    if (tensor.stride(-1) == 1 || length == 1) {
      int whole = Math.ceilDiv(length, block) * block;
      double[] row = Formats.decode(tensor.dtype(), memory, tensor.offset() + first / block * bytes, whole);
      System.arraycopy(row, 0, into, at, length);
      return;
    }
    for (int i = 0; i < length; i++) {
      long element = first + i * tensor.stride(-1);
      into[at + i] = Formats.decode(tensor.dtype(), memory, tensor.offset() + element * bytes, 1)[0];
    }
  }
}
