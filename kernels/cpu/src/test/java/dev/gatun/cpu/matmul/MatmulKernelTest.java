package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.gatun.DType;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.library.NativeLevel;
import dev.gatun.cpu.op.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MatmulKernelTest {
  /** What one row of activations is rounded beside, by kernels in Java. */
  private static final Set<DType> ROUNDED = Set.of(DType.Q4_K, DType.Q5_K, DType.Q6_K);

  private static final int[] ROWS = {1, 2, 3, 5, 8, 17, 70, 107};

  /** A kernel with the weight type whose rows it takes. */
  record Served(DType type, Lanes lanes, boolean repacked, Optional<NativeLevel> inC) {
    Served(DType type, Lanes lanes, boolean repacked) {
      this(type, lanes, repacked, Optional.empty());
    }

    MatmulKernel kernel(int k) {
      return inC.map(level -> NativeKernels.of(level.label()).kernel(type).orElseThrow())
          .orElseGet(() -> repacked ? Repack.of(type, k, lanes).orElseThrow().kernel() : MatmulKernel.of(type, lanes));
    }

    /** Whether activations are rounded to eight bits before they are multiplied: in Java one row alone. */
    boolean rounds(int rows) {
      return inC.isPresent() ? type.isBlock() : rows == 1 && (repacked || lanes == Lanes.VECTOR && Wide.L >= 8 && ROUNDED.contains(type));
    }

    int[] depths() {
      return repacked ? new int[] {512, 1024, 1536, 2048, 5632}
          : type.blockSize() == 1 ? new int[] {1, 3, 15, 16, 17, 63, 257, 1025, 2051}
          : type.blockSize() == 32 ? new int[] {32, 64, 96, 512, 544, 1056, 2080} : new int[] {256, 512, 768, 1280, 2304};
    }
  }

  static Stream<Served> served() {
    return Stream.of(Stream.of(new Served(DType.Q4_0, Lanes.VECTOR, true)), Arrays.stream(DType.values()).filter(MatmulKernel::takes)
        .flatMap(type -> Arrays.stream(Lanes.values()).map(lanes -> new Served(type, lanes, false))), servedInC()).flatMap(all -> all);
  }

  /** At every level that this processor runs. */
  private static Stream<Served> servedInC() {
    return NativeKernels.of(NativeKernels.AUTO).level().stream().flatMap(best -> Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best) <= 0))
        .flatMap(level -> Arrays.stream(DType.values()).filter(type -> NativeKernels.of(level.label()).kernel(type).isPresent())
            .map(type -> new Served(type, Lanes.SCALAR, false, Optional.of(level))));
  }

  /** One multiplication with every operand at an odd place: strides wider than rows, offsets aligned to two bytes only. */
  private static final class Problem implements AutoCloseable {
    final Arena arena = Arena.ofConfined();
    final Served served;
    final DType type;
    final int m;
    final int n;
    final int k;
    final float[][] x;
    final byte[][] w;
    final long xRow;
    final long wRow;
    final long yRow;
    final MemorySegment xs;
    final MemorySegment ws;
    final MemorySegment ys;

    Problem(Served served, int m, int n, int k, long seed) {
      this.served = served;
      this.type = served.type;
      this.m = m;
      this.n = n;
      this.k = k;
      Random random = new Random(seed);
      x = new float[m][k];
      w = new byte[n][];
      xRow = 4L * k + 12;
      wRow = type.bytes(k) + 6;
      yRow = 4L * n + 20;
      xs = arena.allocate(4 + m * xRow - 12);
      ws = arena.allocate(2 + n * wRow - 6);
      ys = arena.allocate(8 + m * yRow);
      for (float[] row : x) {
        for (int i = 0; i < k; i++) {
          row[i] = (float) random.nextGaussian();
        }
      }
      for (int r = 0; r < n; r++) {
        w[r] = ReferenceWeights.random(type, k, random);
      }
    }

    void multiply(int rows, int... cuts) {
      xs.fill((byte) 0xff);
      for (int r = 0; r < m; r++) {
        MemorySegment.copy(x[r], 0, xs, JAVA_FLOAT_UNALIGNED, 4 + r * xRow, k);
      }
      ws.fill((byte) 0xff);
      for (int r = 0; r < n; r++) {
        MemorySegment.copy(w[r], 0, ws, JAVA_BYTE, 2 + r * wRow, w[r].length);
      }
      ys.fill((byte) 0xa5);
      MatmulKernel kernel = served.kernel(k);
      MemorySegment stored = ws;
      if (served.repacked) {
        Repack repack = Repack.of(type, k, served.lanes).orElseThrow();
        assertThat(repack.rowBytes(k)).isEqualTo(type.bytes(k));
        stored = arena.allocate(2 + n * wRow);
        for (int r = 0; r < n; r++) {
          MemorySegment row = arena.allocate(repack.rowBytes(k));
          repack.rewrite(ws, 2 + r * wRow, wRow, k, row, 0, 0, 1);
          MemorySegment.copy(row, 0, stored, 2 + r * wRow, repack.rowBytes(k));
        }
      }
      long actRow = kernel.activationBytes(k);
      MemorySegment act = xs;
      if (actRow > 0) {
        act = arena.allocate(64 + rows * actRow, 64);
        kernel.activate(xs, 4, xRow, rows, k, act, 64, 0, rows / 2);
        kernel.activate(xs, 4, xRow, rows, k, act, 64, rows / 2, rows);
      }
      for (int i = 0; i + 1 < cuts.length; i++) {
        kernel.multiply(act, actRow > 0 ? 64 : 4, actRow > 0 ? actRow : xRow, rows, stored, 2, wRow, k, cuts[i], cuts[i + 1], ys, 8, yRow);
      }
    }

    float[][] result(int rows, int... cuts) {
      multiply(rows, cuts);
      float[][] y = new float[rows][n];
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(ys, JAVA_FLOAT_UNALIGNED, 8 + r * yRow, y[r], 0, n);
      }
      return y;
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void agreesWithFloat64OnExactWeights(Served served) {
    for (int k : served.depths()) {
      for (int m : ROWS) {
        int n = 1 + (m * 7 + k) % 11;
        try (Problem p = new Problem(served, m, n, k, 31L * m + k)) {
          float[][] y = p.result(m, 0, n);
          for (int c = 0; c < n; c++) {
            double[] weights = new double[k];
            for (int i = 0; i < k; i++) {
              weights[i] = ReferenceWeights.value(p.type, p.w[c], i);
            }
            for (int r = 0; r < m; r++) {
              double sum = 0;
              double magnitude = 0;
              for (int i = 0; i < k; i++) {
                sum += p.x[r][i] * weights[i];
                magnitude += Math.abs(p.x[r][i] * weights[i]);
              }
              double rounding = served.rounds(m) ? roundingBound(p.x[r], weights) : 0;
              assertThat((double) y[r][c]).as("%s m=%d n=%d k=%d at [%d, %d]", served, m, n, k, r, c)
                  .isCloseTo(sum, offset(rounding + 4e-6 * magnitude + 1e-30));
            }
          }
        }
      }
    }
  }

  /** What rounding activations to steps of a block's largest magnitude over 127 may change a sum by at the most: half a step for each. */
  private static double roundingBound(float[] x, double[] weights) {
    double bound = 0;
    for (int b = 0; b < x.length; b += 32) {
      double largest = 0;
      for (int i = b; i < b + 32; i++) {
        largest = Math.max(largest, Math.abs(x[i]));
      }
      for (int i = b; i < b + 32; i++) {
        bound += 1.001 * largest / 254 * Math.abs(weights[i]);
      }
    }
    return bound;
  }

  @Test
  void roundedActivationsCostLittle() {
    int k = 2048;
    try (Problem p = new Problem(new Served(DType.Q4_0, Lanes.VECTOR, true), 1, 64, k, 77)) {
      float[] y = p.result(1, 0, 64)[0];
      double error = 0;
      double squares = 0;
      for (int c = 0; c < 64; c++) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          sum += p.x[0][i] * ReferenceWeights.value(p.type, p.w[c], i);
        }
        error += (y[c] - sum) * (y[c] - sum);
        squares += sum * sum;
      }
      assertThat(error / squares).as("NMSE").isLessThan(1e-4);
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void writesOnlyItsColumns(Served served) {
    int k = served.depths()[4];
    try (Problem p = new Problem(served, 6, 9, k, 5)) {
      p.multiply(6, 2, 7);
      for (long at = 0; at < p.ys.byteSize(); at++) {
        long inRow = (at - 8) % p.yRow;
        boolean owned = at >= 8 && inRow >= 8 && inRow < 28;
        if (!owned) {
          assertThat(p.ys.get(JAVA_BYTE, at)).as("byte %d", at).isEqualTo((byte) 0xa5);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void keepsItsBitsHoweverColumnsAreSplit(Served served) {
    int k = served.depths()[4];
    for (int m : new int[] {1, 2, 5, 17}) {
      try (Problem p = new Problem(served, m, 23, k, 77)) {
        float[][] whole = p.result(m, 0, 23);
        assertThat(p.result(m, 0, 1, 4, 5, 11, 12, 13, 22, 23)).isDeepEqualTo(whole);
        assertThat(p.result(m, 0, 17, 23)).isDeepEqualTo(whole);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void rowsDoNotSeeTheirNeighbours(Served served) {
    int k = served.depths()[4];
    for (int m : new int[] {2, 5, 17, 70}) {
      try (Problem p = new Problem(served, m, 10, k, 99)) {
        float[][] before = p.result(m, 0, 10);
        for (int r = 0; r < m; r++) {
          if (r != m / 2) {
            Arrays.fill(p.x[r], r % 2 == 0 ? Float.NaN : 1e30f);
          }
        }
        assertThat(p.result(m, 0, 10)[m / 2]).isEqualTo(before[m / 2]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void rowsDoNotSeeTheirNumberFromTwoOn(Served served) {
    int k = served.depths()[4];
    try (Problem p = new Problem(served, 70, 10, k, 98)) {
      float[][] all = p.result(70, 0, 10);
      for (int m : new int[] {2, 3, 5, 17}) {
        assertThat(p.result(m, 0, 10)).isDeepEqualTo(Arrays.copyOf(all, m));
      }
    }
  }

  /** More rows of either factor than fit its working memory at a time. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "Q8_0"})
  void goesOnWhereItsWorkingMemoryEnds(DType type) {
    agreesWithFloat64(type, 531, 141, 32);
    agreesWithFloat64(type, 107, 141, 2080);
  }

  private static void agreesWithFloat64(DType type, int m, int n, int k) {
    try (Problem p = new Problem(new Served(type, Lanes.VECTOR, false), m, n, k, 12)) {
      float[][] y = p.result(m, 0, n);
      double[][] w = new double[n][k];
      for (int c = 0; c < n; c++) {
        for (int i = 0; i < k; i++) {
          w[c][i] = ReferenceWeights.value(type, p.w[c], i);
        }
      }
      for (int c = 0; c < n; c++) {
        for (int r = 0; r < m; r++) {
          double sum = 0;
          double magnitude = 0;
          for (int i = 0; i < k; i++) {
            double product = p.x[r][i] * w[c][i];
            sum += product;
            magnitude += Math.abs(product);
          }
          if (Math.abs(y[r][c] - sum) > 4e-6 * magnitude) {
            assertThat((double) y[r][c]).as("[%d, %d]", r, c).isCloseTo(sum, offset(4e-6 * magnitude));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("served")
  void notANumberAndInfinityInActivationsSurvive(Served served) {
    int k = served.depths()[4];
    for (int m : new int[] {1, 2, 9}) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, 1, k / 2, k - 1}) {
          try (Problem p = new Problem(served, m, 5, k, 3)) {
            p.x[m - 1][at] = bad;
            float[][] y = p.result(m, 0, 5);
            for (int r = 0; r < m; r++) {
              for (float v : y[r]) {
                assertThat(Float.isFinite(v)).as("row %d of %d, %s at %d", r, m, bad, at).isEqualTo(r != m - 1);
              }
            }
          }
        }
      }
    }
  }

  /** But of MXFP4, whose every scale is a number. */
  static Stream<Served> servedWithNotANumber() {
    return served().filter(served -> served.type != DType.MXFP4);
  }

  @ParameterizedTest
  @MethodSource("servedWithNotANumber")
  void notANumberAndInfinityInWeightsSurvive(Served served) {
    int k = served.depths()[4];
    DType type = served.type;
    for (int m : new int[] {1, 2, 9}) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, k / 2, k - 1}) {
          try (Problem p = new Problem(served, m, 6, k, 4)) {
            MemorySegment row = MemorySegment.ofArray(p.w[2]);
            int block = at / type.blockSize() * type.blockBytes();
            switch (type) {
              case F32 -> row.set(JAVA_FLOAT_UNALIGNED, block, bad);
              case BF16 -> row.set(JAVA_SHORT_UNALIGNED, block, (short) (Float.floatToRawIntBits(bad) >>> 16));
              case F8_E4M3 -> row.set(JAVA_BYTE, block, (byte) (bad < 0 ? 0xFF : 0x7F));
              case F8_E5M2 -> row.set(JAVA_BYTE, block, (byte) (Float.floatToFloat16(bad) >> 8));
              case Q6_K, Q3_K, TQ1_0, TQ2_0 -> row.set(JAVA_SHORT_UNALIGNED, block + type.blockBytes() - 2, Float.floatToFloat16(bad));
              case Q2_K -> row.set(JAVA_SHORT_UNALIGNED, block + 80, Float.floatToFloat16(bad));
              default -> row.set(JAVA_SHORT_UNALIGNED, block, Float.floatToFloat16(bad));
            }
            for (float[] y : p.result(m, 0, 6)) {
              for (int c = 0; c < 6; c++) {
                assertThat(Float.isFinite(y[c])).as("column %d of %d rows, %s at %d", c, m, bad, at).isEqualTo(c != 2);
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F8_E4M3", "F8_E5M2"})
  void everyEightBitFloatIsDecodedExactly(DType type) {
    boolean e4m3 = type == DType.F8_E4M3;
    byte[] bytes = new byte[512];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    for (Lanes lanes : Lanes.values()) {
      RowDecoder decoder = lanes == Lanes.SCALAR ? ScalarDecoders.of(type) : VectorDecoders.of(type);
      float[] out = new float[512];
      decoder.decode(MemorySegment.ofArray(bytes), 0, 512, out, 0);
      for (int i = 0; i < 512; i++) {
        int magnitude = i & 0x7F;
        boolean special = magnitude >= (e4m3 ? 0x7F : 0x7C);
        if (special) {
          assertThat(Float.isInfinite(out[i])).as("%s", i).isEqualTo(magnitude == 0x7C);
          assertThat(Float.isFinite(out[i])).as("%s", i).isFalse();
        } else {
          assertThat((double) out[i]).as("%s", i).isEqualTo(ReferenceWeights.value(type, bytes, i));
        }
      }
      float[] few = new float[100];
      decoder.decode(MemorySegment.ofArray(bytes), 3, 100, few, 0);
      for (int i = 0; i < 100; i++) {
        assertThat((double) few[i]).as("%s", i).isEqualTo(ReferenceWeights.value(type, bytes, i + 3));
      }
    }
  }

  @Test
  void everyHalfPrecisionValueIsDecodedExactly() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(2 << 16);
      for (int i = 0; i < 1 << 16; i++) {
        w.setAtIndex(JAVA_SHORT_UNALIGNED, i, (short) i);
      }
      for (Lanes lanes : Lanes.values()) {
        RowDecoder decoder = lanes == Lanes.SCALAR ? ScalarDecoders.of(DType.F16) : VectorDecoders.of(DType.F16);
        float[] out = new float[1 << 16];
        decoder.decode(w, 0, 1 << 16, out, 0);
        List<Integer> wrong = new ArrayList<>();
        for (int i = 0; i < 1 << 16; i++) {
          float expected = Float.float16ToFloat((short) i);
          if (Float.isNaN(expected) ? !Float.isNaN(out[i]) : Float.floatToRawIntBits(expected) != Float.floatToRawIntBits(out[i])) {
            wrong.add(i);
          }
        }
        assertThat(wrong).isEmpty();
      }
    }
  }

  @Test
  void refusesTypesItDoesNotTake() {
    for (Lanes lanes : Lanes.values()) {
      assertThatThrownBy(() -> MatmulKernel.of(DType.I8, lanes)).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("I8");
    }
  }
}
