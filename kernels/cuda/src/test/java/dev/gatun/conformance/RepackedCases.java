package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.conformance.KernelCases.Size;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;

/** A small odd and a small aligned case for every kernel over weights that {@code prepare} laid out for tensor cores. */
final class RepackedCases {
  /** Of activations rounded to BF16, off by 2^-9 of themselves at most, which gives 1.3e-6. */
  private static final double BF16_BOUND = 3e-6;
  private static final double EXPANDED = 1e-13;
  private static final int ROWS_OF_PARTS = 4;

  private final OperatorHarness harness;
  private final Size size;

  RepackedCases(OperatorHarness harness, Size size) {
    this.harness = harness;
    this.size = size;
  }

  /** Weights are not rounded; up to four rows of x are the sum of two BF16, more are rounded to one. */
  static double bound(int rows) {
    return rows <= ROWS_OF_PARTS ? F32_BOUND : BF16_BOUND;
  }

  private int of(int odd, int aligned) {
    return size == Size.ODD ? odd : aligned;
  }

  /** Any number of rows; teams of one band and of two; K in one piece and in slices; rows looked up. */
  void addTo(BiConsumer<String, Runnable> cases) {
    for (DType type : new DType[] {DType.Q4_0, DType.Q8_0, DType.Q4_K}) {
      int k = type.blockSize() * (type.blockSize() > 32 ? of(3, 2) : of(9, 8));
      for (int rows : new int[] {1, of(2, 4), of(7, 8), of(9, 16), of(29, 32), of(33, 64), of(65, 128), of(130, 192)}) {
        cases.accept("matmul prepared " + type + " by " + rows, () -> multiply(type, rows, of(37, 32), k));
      }
      for (int rows : new int[] {of(3, 2), of(5, 8)}) {
        cases.accept("matmul prepared " + type + " of many rows by " + rows, () -> multiply(type, rows, of(121, 128), k));
      }
      cases.accept("matmul prepared " + type + " of long rows", () -> multiply(type, of(35, 64), of(37, 32), of(1280, 1024)));
      cases.accept("embedding prepared " + type, () -> lookUp(type, k));
    }
  }

  private Tensor filled(DType type, double spread, long... shape) {
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    return harness.fill(placed(type, shape), Inputs.normal(100 + shape[0], n, spread));
  }

  private Tensor placed(DType type, long... shape) {
    return harness.place(type, size == Size.ODD ? Placement.STRIDED : Placement.PACKED, shape);
  }

  private void multiply(DType type, int m, int n, int k) {
    Tensor w = filled(type, 0.07, n, k);
    Tensor x = filled(size == Size.ODD ? DType.F16 : DType.F32, 1, m, k);
    Tensor y = placed(DType.F32, m, n);
    Optional<Tensor> bias = size == Size.ODD ? Optional.of(harness.vector(Inputs.normal(5, n, 1))) : Optional.empty();
    harness.check(new Matmul(x, w, bias, y), engine -> new Matmul(x, engine.backend().prepare(w, Use.MATMUL).tensor(), bias, y), Host.buffers(),
        bound(m), true);
  }

  private void lookUp(DType type, int k) {
    Tensor table = filled(type, 1, 19, k);
    Tensor ids = harness.ints(4, 0, 18, of(-1, 7));
    Tensor y = placed(DType.F32, 4, k);
    harness.check(new Embedding(ids, table, y), engine -> new Embedding(ids, engine.backend().prepare(table, Use.MATMUL_AND_EMBEDDING).tensor(), y),
        Host.buffers(), EXPANDED, true);
  }
}
