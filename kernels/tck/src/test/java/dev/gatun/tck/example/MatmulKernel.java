package dev.gatun.tck.example;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** Matmul: the activations are laid out as floats in scratch, and behind them one row of the weight at a time, for plain dot products. */
final class MatmulKernel {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final AtomicInteger RUNS = new AtomicInteger();

  private final Binding at;
  private final Values x;
  private final int k;
  private final IntSupplier count;
  private final Values activations;
  private final Values weights;

  private MatmulKernel(Binding at, Tensor x, IntSupplier count) {
    this.at = at;
    this.x = at.values(x);
    this.k = (int) x.size(1);
    this.count = count;
    this.activations = at.scratch(DType.F32, 0, x.shape().elements());
    this.weights = at.scratch(DType.F32, x.shape().elements(), k);
  }

  /** The elements of scratch that {@link #matmul} and {@link #normed} need. */
  static long scratch(Matmul op) {
    return op.x().shape().elements() + op.x().size(1);
  }

  static Runnable matmul(Matmul op, Binding at) {
    MatmulKernel kernel = new MatmulKernel(at, op.x(), at.count(op.x(), op.y()));
    Product product = Product.of(op, at);
    return () -> {
      kernel.convert();
      kernel.multiply(product);
    };
  }

  /** Matmuls over the result of a norm, which goes to scratch and nowhere else. */
  static Runnable normed(RmsNorm norm, List<Matmul> ops, Binding at) {
    MatmulKernel kernel = new MatmulKernel(at, norm.x(), at.count(norm.x(), norm.y()));
    Values weight = at.values(norm.weight());
    List<Product> products = ops.stream().map(op -> Product.of(op, at)).toList();
    return () -> {
      for (int m = 0; m < kernel.count.getAsInt(); m++) {
        NormKernels.rms(kernel.x, kernel.x.row(m), weight, norm.eps(), kernel.activations, (long) m * kernel.k, kernel.k);
        kernel.unweigh(m, weight);
      }
      products.forEach(kernel::multiply);
    };
  }

  private record Product(Values w, Optional<Values> bias, Values y) {
    static Product of(Matmul op, Binding at) {
      return new Product(at.values(op.w()), op.bias().map(at::values), at.values(op.y()));
    }
  }

  private void convert() {
    if (at.defect() == Defect.WORKSPACE_OVERFLOW) {
      for (long i = 0; i <= at.scratchBytes() / Float.BYTES; i++) {
        activations.set(i, 0);
      }
    }
    for (int m = 0; m < count.getAsInt(); m++) {
      for (int i = 0; i < k; i++) {
        activations.set((long) m * k + i, x.get(x.row(m) + i));
      }
    }
  }

  private void unweigh(int m, Values weight) {
    if (at.defect() == Defect.FUSED_NORM_WITHOUT_WEIGHT) {
      for (int i = 0; i < k; i++) {
        long index = (long) m * k + i;
        activations.set(index, activations.get(index) / weight.get(i));
      }
    }
  }

  private void multiply(Product p) {
    int rows = count.getAsInt();
    int first = at.defect() == Defect.SUM_ORDER_VARIES ? RUNS.getAndIncrement() : 0;
    float shared = at.defect() == Defect.NEIGHBOURS_SHARE_A_SCALE ? largest((long) rows * k) : 1;
    for (int n = 0; n < p.w.size(0); n++) {
      for (int i = 0; i < k; i++) {
        weights.set(i, p.w.get(p.w.row(n) + i));
      }
      float bias = p.bias.isPresent() && at.defect() != Defect.BIAS_FORGOTTEN ? p.bias.get().get(n) : 0;
      for (int m = 0; m < rows; m++) {
        float sum = first == 0 && shared == 1 ? dot(m) : dot(m, first, shared);
        p.y.set(p.y.row(m) + n, sum + bias);
      }
    }
  }

  private float dot(int m) {
    MemorySegment memory = at.scratchMemory();
    long left = activations.at((long) m * k);
    long right = weights.at(0);
    float sum = 0;
    for (int i = 0; i < k; i++) {
      sum += memory.get(FLOAT, left + 4L * i) * memory.get(FLOAT, right + 4L * i);
    }
    return sum;
  }

  /** As {@link #dot(int)}, from another element on and with activations divided by a scale: what two defects do. */
  private float dot(int m, int first, float scale) {
    float sum = 0;
    for (int i = 0; i < k; i++) {
      int element = Math.floorMod(i + first, k);
      sum += activations.get((long) m * k + element) / scale * weights.get(element);
    }
    return sum * scale;
  }

  private float largest(long n) {
    float largest = 0;
    for (long i = 0; i < n; i++) {
      float magnitude = Math.abs(activations.get(i));
      largest = Float.isFinite(magnitude) ? Math.max(largest, magnitude) : largest;
    }
    return largest == 0 ? 1 : largest;
  }
}
