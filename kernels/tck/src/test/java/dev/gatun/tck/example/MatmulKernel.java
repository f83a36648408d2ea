package dev.gatun.tck.example;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * Matmul: the activations are laid out as floats in scratch, and some rows of the weight at a time in a tile, by which every row of
 * activations is multiplied. The tile and its sums are Java arrays, for what a device would keep in shared memory and registers.
 */
final class MatmulKernel {
  /** Rows of the weight in a tile. */
  static final int TILE = 32;

  /** The longest rows of which a tile can be made. */
  static final int LONGEST = 1 << 20;

  private static final AtomicInteger RUNS = new AtomicInteger();

  private final Binding at;
  private final Values x;
  private final int k;
  private final IntSupplier count;
  private final Values activations;
  private final float[] tile;
  private final float[] sums = new float[TILE];

  private MatmulKernel(Binding at, Tensor x, IntSupplier count) {
    this.at = at;
    this.x = at.values(x);
    this.k = (int) x.size(1);
    this.count = count;
    this.activations = at.scratch(DType.F32, 0, x.shape().elements());
    this.tile = new float[k * TILE];
  }

  /** The elements of scratch that {@link #matmul} and {@link #normed} need. */
  static long scratch(Matmul op) {
    return op.x().shape().elements();
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

    float bias(int column, Defect defect) {
      return bias.isPresent() && defect != Defect.BIAS_FORGOTTEN ? bias.get().get(column) : 0;
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
    int n = p.w.size(0);
    for (int from = 0; from < n; from += TILE) {
      int columns = Math.min(TILE, n - from);
      load(p.w, from, columns);
      for (int m = 0; m < rows; m++) {
        Arrays.fill(sums, 0);
        for (int i = 0; i < k; i++) {
          int element = first == 0 ? i : Math.floorMod(i + first, k);
          add(activations.get((long) m * k + element) / shared, element * TILE);
        }
        for (int j = 0; j < columns; j++) {
          p.y.set(p.y.row(m) + from + j, sums[j] * shared + p.bias(from + j, at.defect()));
        }
      }
    }
  }

  /** Lays some rows of the weight side by side: element i of row j is the tile's element {@code TILE·i + j}. */
  private void load(Values w, int from, int columns) {
    for (int j = 0; j < columns; j++) {
      long row = w.row(from + j);
      for (int i = 0; i < k; i++) {
        tile[i * TILE + j] = w.get(row + i);
      }
    }
  }

  private void add(float activation, int at) {
    for (int j = 0; j < TILE; j++) {
      sums[j] += activation * tile[at + j];
    }
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
