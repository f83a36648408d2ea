package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.tck.Measure;
import dev.gatun.tck.lab.Expectation;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * What {@link Quantize} must write. Where ggml's reference rounding is one formula, the very bytes; where it is a search that a device may do otherwise, blocks
 * that stand for values about as near as the plainest choice of scales gives.
 */
final class RoundedBlocks implements Expectation {
  /** Below this span of a block the inverse of its scale may overflow, and the reference leaves open what the codes are then. */
  private static final double LEAST_SPAN = 0x1p-115;

  /** A search for scales finds nearer values than the plain choice; one that comes out this much farther is none. */
  private static final double MOST_AS_FAR = 2;

  private final Quantize quantize;
  private final double[] x;
  private final MemorySegment expected;

  /** Reads x now. */
  RoundedBlocks(Quantize quantize) {
    this.quantize = quantize;
    this.x = Elements.read(Host.buffers(), quantize.x(), rows());
    this.expected = Formats.encoded(quantize.y().dtype(), x);
  }

  /** Whether one formula gives a type's bytes. */
  static boolean isDefined(DType type) {
    return switch (type) {
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> true;
      default -> false;
    };
  }

  private int rows() {
    return Elements.rows(Host.buffers(), quantize.x(), quantize.y());
  }

  @Override
  public Optional<Expectation> anew() {
    return Optional.of(new RoundedBlocks(quantize));
  }

  @Override
  public void verify(String form, Findings findings) {
    if (isDefined(quantize.y().dtype())) {
      bytes(form, findings);
    } else {
      near(form, findings);
    }
  }

  private void bytes(String form, Findings findings) {
    DType type = quantize.y().dtype();
    Tensor bytes = asBytes(quantize.y());
    double[] actual = Elements.read(Host.buffers(), bytes, bytes.shape().rank() == 1 ? Math.toIntExact(bytes.size(0)) : rows());
    for (int i = 0; i < actual.length; i++) {
      int block = i / type.blockBytes();
      int at = i;
      byte wanted = expected.get(ValueLayout.JAVA_BYTE, i);
      findings.check("exact", (byte) actual[i] == wanted || isOpen(block), () -> form + ", y: byte " + at % type.blockBytes() + " of block " + block
          + ": expected " + (wanted & 0xFF) + ", got " + ((byte) actual[at] & 0xFF));
    }
  }

  /** Whether the codes of a block are not fixed: its scale is NaN, or so small that its inverse may overflow. */
  private boolean isOpen(int block) {
    int size = quantize.y().dtype().blockSize();
    double low = 0;
    double high = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = block * size; i < (block + 1) * size; i++) {
      if (!Double.isFinite(x[i])) {
        return true;
      }
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
      least = Math.min(least, x[i]);
      most = Math.max(most, x[i]);
    }
    double reach = Math.max(-low, high);
    double span = most - least;
    return reach > 0 && reach < LEAST_SPAN || span > 0 && span < LEAST_SPAN;
  }

  private void near(String form, Findings findings) {
    double[] actual = Elements.read(Host.buffers(), quantize.y(), rows());
    double[] wanted = x.clone();
    int size = quantize.y().dtype().blockSize();
    for (int i = 0; i < wanted.length; i += size) {
      if (!Arrays.stream(x, i, i + size).allMatch(Double::isFinite)) {
        Arrays.fill(wanted, i, i + size, Double.NaN);
      }
    }
    Errors errors = Errors.between(wanted, actual);
    findings.check("finite", errors.nonFinite() == 0, () -> form + ", y: " + errors.describe(wanted, actual));
    double allowed = MOST_AS_FAR * Errors.between(wanted, Formats.decode(quantize.y().dtype(), expected, 0, x.length)).nmse();
    findings.measure(new Measure("y", errors.nmse(), allowed, "twice the error of the plainest choice of scales"));
    findings.check("error", errors.nmse() <= allowed, () -> form + ", y: " + errors.describe(wanted, actual) + "; allowed " + allowed);
  }

  /** The bytes of a tensor of blocks as integers. */
  private static Tensor asBytes(Tensor y) {
    DType type = y.dtype();
    long[] sizes = y.shape().sizes();
    long[] strides = y.strides();
    for (int i = 0; i < sizes.length; i++) {
      boolean last = i == sizes.length - 1;
      sizes[i] = last ? type.bytes(sizes[i]) : sizes[i];
      strides[i] = last ? 1 : type.bytes(strides[i]);
    }
    return Tensor.of(y.storage(), y.offset(), DType.I8, Shape.of(sizes), strides);
  }
}
