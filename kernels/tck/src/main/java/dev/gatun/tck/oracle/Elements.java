package dev.gatun.tck.oracle;

import dev.gatun.GatunException;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Elements of plain tensors in float64, row after row without gaps, whatever the strides. */
public final class Elements {
  private Elements() {}

  /** The actual size of dimension 0: the count of whichever operand has one, clamped to the bound; the bound of the first where none has. */
  public static int rows(Host host, Tensor... operands) {
    for (Tensor operand : operands) {
      if (operand.count().isPresent()) {
        double actual = read(host, operand.count().get(), 1)[0];
        return (int) Math.max(0, Math.min(actual, operand.size(0)));
      }
    }
    return Math.toIntExact(operands[0].size(0));
  }

  /** Every element, up to the bound. */
  public static double[] all(Host host, Tensor tensor) {
    return read(host, tensor, Math.toIntExact(tensor.size(0)));
  }

  /** The elements of the first {@code rows} indices of dimension 0. @throws GatunException for a layout of a backend's own */
  public static double[] read(Host host, Tensor tensor, int rows) {
    long[] sizes = sizes(tensor, rows);
    int length = Math.toIntExact(sizes[sizes.length - 1]);
    long[] starts = rowStarts(tensor, sizes);
    double[] values = new double[Math.multiplyExact(starts.length, length)];
    for (int r = 0; r < starts.length && length > 0; r++) {
      readRow(tensor, host.memory(tensor), starts[r], values, r * length, length);
    }
    return values;
  }

  /** Writes the elements of the first indices of dimension 0, rounded to the tensor's dtype; rows of a block type are quantized. */
  public static void write(Host host, Tensor tensor, double... values) {
    long row = tensor.shape().with(0, 1).elements();
    if (row == 0 || values.length % row != 0 || values.length / row > tensor.size(0)) {
      if (values.length == 0) {
        return;
      }
      throw new ShapeException(values.length + " values do not fit " + tensor);
    }
    long[] sizes = sizes(tensor, (int) (values.length / row));
    int length = Math.toIntExact(sizes[sizes.length - 1]);
    long[] starts = rowStarts(tensor, sizes);
    for (int r = 0; r < starts.length; r++) {
      double[] one = Arrays.copyOfRange(values, r * length, (r + 1) * length);
      if (tensor.stride(-1) == 1 || length == 1) {
        Formats.encode(tensor.dtype(), one, host.memory(tensor), byteOffset(tensor, starts[r]));
      } else {
        for (int i = 0; i < length; i++) {
          Formats.encode(tensor.dtype(), new double[] {one[i]}, host.memory(tensor), byteOffset(tensor, starts[r] + i * tensor.stride(-1)));
        }
      }
    }
  }

  /** Where {@code element}, the first of a block for a block type, lies in the tensor's memory. */
  static long byteOffset(Tensor tensor, long element) {
    return tensor.offset() + element / tensor.dtype().blockSize() * tensor.dtype().blockBytes();
  }

  private static long[] sizes(Tensor tensor, int rows) {
    if (!tensor.isPlain()) {
      throw new GatunException("the oracle reads plain tensors only, not " + tensor + "; give it the operator over the original weight");
    }
    long[] sizes = tensor.shape().sizes();
    sizes[0] = rows;
    return sizes;
  }

  /** The element offsets of all rows of the last dimension, for the given sizes. */
  private static long[] rowStarts(Tensor tensor, long[] sizes) {
    int rows = 1;
    for (int i = 0; i < sizes.length - 1; i++) {
      rows = Math.multiplyExact(rows, Math.toIntExact(sizes[i]));
    }
    long[] starts = new long[rows];
    for (int r = 0; r < rows; r++) {
      int rest = r;
      for (int i = sizes.length - 2; i >= 0; i--) {
        starts[r] += rest % sizes[i] * tensor.stride(i);
        rest /= (int) sizes[i];
      }
    }
    return starts;
  }

  private static void readRow(Tensor tensor, MemorySegment memory, long first, double[] into, int at, int length) {
    if (tensor.stride(-1) == 1 || length == 1) {
      int whole = Math.ceilDiv(length, tensor.dtype().blockSize()) * tensor.dtype().blockSize();
      double[] row = Formats.decode(tensor.dtype(), memory, byteOffset(tensor, first), whole);
      System.arraycopy(row, 0, into, at, length);
      return;
    }
    for (int i = 0; i < length; i++) {
      into[at + i] = Formats.decode(tensor.dtype(), memory, byteOffset(tensor, first + i * tensor.stride(-1)), 1)[0];
    }
  }
}
