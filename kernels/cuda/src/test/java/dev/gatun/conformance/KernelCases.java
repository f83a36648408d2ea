package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;
import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;

import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Scale;
import dev.gatun.Shape;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.tck.oracle.Inputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** A small odd and a small aligned case for every kernel of the CUDA backend. */
final class KernelCases {
  /** What a case asks of a kernel. */
  enum Size {
    /** Sizes that no tile or vector divides, rows with gaps or from an unaligned start. */
    ODD,
    /** Full tiles and vectors, packed. */
    ALIGNED;

    private Placement placement() {
      return this == ODD ? Placement.STRIDED : Placement.PACKED;
    }

    private int of(int odd, int aligned) {
      return this == ODD ? odd : aligned;
    }
  }

  /** A case by the name that a failing test has. */
  record Named(String name, Size size, Runnable check) {
    @Override
    public String toString() {
      return name + ", " + size.name().toLowerCase(Locale.ROOT);
    }
  }

  /** Activations may be rounded to F8_E4M3. */
  private static final double SCALED_BOUND = 2e-3;

  private static final int BYTES_COPIED = 16;

  private static final double EXPANDED = 1e-13;
  private static final int MOST_STREAMED = 8;

  /** Both factors rounded to BF16, each by up to 2^-9 of itself, which gives 3e-6. */
  private static final double BRAIN_BOUND = 1e-5;
  private static final List<DType> WEIGHTS = Stream.of(DType.values()).filter(t -> t != DType.I8 && t != DType.I32).toList();

  /** Those with tiles of their own, and two of those that share one. */
  private static final List<DType> TILED = List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K,
      DType.Q4_1, DType.F8_E4M3);

  private final OperatorHarness harness;
  private final List<Named> cases = new ArrayList<>();

  KernelCases(OperatorHarness harness) {
    this.harness = harness;
  }

  List<Named> all() {
    for (Size size : Size.values()) {
      rows(size);
      moves(size);
      streamed(size);
      tiled(size);
      copied(size);
      undecoded(size);
      scaled(size);
      experts(size);
      new RepackedCases(harness, size).addTo((name, check) -> add(name, size, check));
      new CacheCases(harness, size).addTo((name, check) -> add(name, size, check));
    }
    return List.copyOf(cases);
  }

  private void add(String name, Size size, Runnable check) {
    cases.add(new Named(name, size, check));
  }

  private void rows(Size size) {
    elementwise("add", size, Add::new);
    elementwise("mul", size, Mul::new);
    elementwise("silu_mul", size, SiluMul::new);
    elementwise("gelu_mul erf", size, (a, b, y) -> new GeluMul(a, b, Gelu.Form.ERF, y));
    elementwise("gelu_mul tanh", size, (a, b, y) -> new GeluMul(a, b, Gelu.Form.TANH, y));
    overRows("gelu erf", size, size.of(37, 64), (x, y) -> new Gelu(x, Gelu.Form.ERF, y));
    overRows("gelu tanh", size, size.of(37, 64), (x, y) -> new Gelu(x, Gelu.Form.TANH, y));
    overRows("scale", size, size.of(37, 64), (x, y) -> new Scale(x, -0.37f, y));
    overRows("softcap", size, size.of(37, 64), (x, y) -> new Softcap(x, 1.25f, y));
    for (int n : new int[] {size.of(37, 128), size.of(1031, 1024)}) {
      overRows("rms_norm " + n, size, n, (x, y) -> new RmsNorm(x, harness.vector(Inputs.uniform(3, n, 0.5, 1.5)), 1e-5f, y));
      overRows("layer_norm " + n, size, n, (x, y) -> new LayerNorm(x, harness.vector(Inputs.uniform(3, n, 0.5, 1.5)),
          Optional.of(harness.vector(Inputs.normal(4, n, 1))), 1e-5f, y));
    }
    for (int n : new int[] {size.of(37, 128), size.of(1031, 2048)}) {
      overRows("softmax " + n, size, n, (x, y) -> new Softmax(x, 0.7f, y));
    }
    int n = size.of(4177, 4096);
    add("argmax", size, () -> harness.check(new Argmax(x(size, 3, n), harness.output(DType.I32, 3)), EXACT));
    add("top_k", size, () -> harness.check(new TopK(x(size, 3, n), harness.output(DType.F32, 3, 20),
        harness.output(DType.I32, 3, 20)), EXACT));
    add("penalize", size, () -> penalize(size));
    int head = size.of(38, 64);
    Rotation rotation = new Rotation(Rotation.Pairs.HALF_SPLIT, head - size.of(2, 0), 10_000);
    add("rope", size, () -> harness.check(new Rope(x(size, 3, 3, head), harness.ints(0, 17, 4095), Optional.empty(), rotation,
        out(size, 3, 3, head)), F32_BOUND));
  }

  private interface OfTwo {
    Operator over(Tensor a, Tensor b, Tensor y);
  }

  private void elementwise(String name, Size size, OfTwo operator) {
    int n = size.of(37, 64);
    add(name, size, () -> harness.check(operator.over(x(size, 3, n), x(size, 3, n), out(size, 3, n)), F32_BOUND));
  }

  private void overRows(String name, Size size, int n, OfOne operator) {
    add(name, size, () -> harness.check(operator.over(x(size, 3, n), out(size, 3, n)), F32_BOUND));
  }

  private interface OfOne {
    Operator over(Tensor x, Tensor y);
  }

  private Tensor x(Size size, long... shape) {
    return filled(size == Size.ODD ? DType.F16 : DType.F32, size.placement(), 1, shape);
  }

  private Tensor out(Size size, long... shape) {
    return harness.place(DType.F32, size.placement(), shape);
  }

  private Tensor filled(DType type, Placement placement, double spread, long... shape) {
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    return harness.fill(harness.place(type, placement, shape), Inputs.normal(100 + shape[0], n, spread));
  }

  private void penalize(Size size) {
    int n = size.of(37, 64);
    int history = size.of(19, 32);
    Tensor ids = harness.fill(harness.place(DType.I32, size.placement(), 2, history),
        Arrays.stream(Inputs.integers(1, 2 * history, -2, n + 3)).asDoubleStream().toArray());
    Tensor penalties = harness.input(DType.F32, Inputs.uniform(3, 6, 0.1, 2), 2, 3);
    Tensor x = filled(DType.F32, size.placement(), 1, 2, n);
    harness.check(new Penalize(x, ids, harness.ints(history, history - 2), penalties, out(size, 2, n)), F32_BOUND);
  }

  private void moves(Size size) {
    int n = size.of(67, 64);
    Placement gapless = size == Size.ODD ? Placement.SHIFTED : Placement.PACKED;
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2}) {
      DType to = type == DType.F32 ? DType.F16 : DType.F32;
      add("copy " + type + " to " + to, size, () -> harness.check(new Copy(filled(type, gapless, 1, 3, n),
          harness.place(to, gapless, 3, n)), EXACT));
    }
    add("copy transposed F16 to F32", size, () -> transpose(size, DType.F16, DType.F32));
    for (DType type : new DType[] {DType.I8, DType.F16, DType.F32}) {
      add("copy " + type, size, () -> harness.check(new Copy(filled(type, gapless, 9, 3, n), harness.place(type, gapless, 3, n)), EXACT));
      add("copy transposed " + type, size, () -> transpose(size, type, type));
    }
    for (DType type : new DType[] {DType.F16, DType.F32}) {
      add("gather_rows " + type, size, () -> harness.check(new GatherRows(filled(type, size.placement(), 1, 7, n),
          harness.ints(6, 0, 0, 7, -1), harness.place(type, size.placement(), 5, n)), EXACT));
    }
    for (DType type : WEIGHTS) {
      int width = type.isBlock() ? size.of(3, 2) * type.blockSize() : n;
      add("embedding " + type, size, () -> harness.check(new Embedding(harness.ints(4, 0, 10), filled(type, size.placement(), 1, 11, width),
          out(size, 3, width)), EXPANDED));
      if (type.isBlock()) {
        add("dequantize " + type, size, () -> harness.check(new Dequantize(filled(type, size.placement(), 1, 3, width),
            out(size, 3, width)), EXPANDED));
      }
    }
    for (DType type : new DType[] {DType.Q8_0, DType.Q4_0}) {
      int width = size.of(96, 64);
      add("quantize " + type, size, () -> harness.check(new Quantize(filled(DType.F32, size.placement(), 1, 3, width),
          harness.output(type, 3, width)), EXACT));
    }
  }

  private void transpose(Size size, DType from, DType to) {
    int columns = size.of(5, 8);
    Tensor x = filled(from, Placement.PACKED, 9, 6, columns);
    Tensor transposed = Tensor.of(x.storage(), x.offset(), from, Shape.of(columns, 6), 1, columns);
    harness.check(new Copy(transposed, harness.place(to, size.placement(), columns, 6)), EXACT);
  }

  /** Few rows of x, which stream the weight. */
  private void streamed(Size size) {
    for (DType type : WEIGHTS) {
      int k = type.isBlock() ? size.of(3, 2) * type.blockSize() : size.of(77, 128);
      for (int rows : new int[] {1, 2, size.of(3, 4), size.of(7, 8)}) {
        add("matmul " + type + " by " + rows, size, () -> multiply(size, type, DType.F32, rows, size.of(19, 16), k));
      }
    }
  }

  /** Many rows of x, in the small tile and, with as many tiles as multiprocessors, in the large one. */
  private void tiled(Size size) {
    for (DType type : TILED) {
      int k = type.isBlock() ? type.blockSize() * (type.blockSize() > 32 ? 1 : size.of(3, 2)) : size.of(77, 64);
      add("matmul " + type + " by tiles of 64", size, () -> multiply(size, type, DType.F32, size.of(41, 64), size.of(67, 64), k));
      add("matmul " + type + " by tiles of 128", size, () -> multiply(size, type, DType.F32, size.of(131, 256), size.of(133, 256), k));
    }
    DType half = DType.F16;
    add("matmul F16 of F16 by tiles of 64", size, () -> multiply(size, half, half, size.of(41, 64), size.of(67, 64), size.of(77, 64)));
    add("matmul F16 of F16 by tiles of 128", size, () -> multiply(size, half, half, size.of(131, 256), size.of(133, 256), size.of(77, 64)));
  }

  /** Sizes for each tile of the forms that copy rows as they lie; the last cuts K in parts. */
  private static final int[][] ODD_TILES = {{41, 67, 77}, {500, 67, 131}, {385, 131, 331}, {260, 515, 331}, {383, 511, 331}, {13, 37, 1035}};
  private static final int[][] ALIGNED_TILES = {{64, 64, 64}, {256, 256, 320}, {384, 256, 320}, {256, 512, 320}, {384, 512, 320}, {16, 64, 1024}};

  private void copied(Size size) {
    for (DType in : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      DType type = in == DType.F16 ? DType.F16 : DType.BF16;
      for (int[] tile : size == Size.ODD ? ODD_TILES : ALIGNED_TILES) {
        add("matmul " + type + " copied, of " + in + " " + Arrays.toString(tile), size, () -> {
          Tensor x = walkable(in, tile[0], tile[2]);
          harness.check(new Matmul(x, walkable(type, tile[1], tile[2]), out(size, tile[0], tile[1])), F32_BOUND);
        });
      }
    }
  }

  /** Rows that begin at multiples of 16 bytes, whatever their width. */
  private Tensor walkable(DType type, int rows, int width) {
    int stride = Math.ceilDiv(width, 8) * 8 + (width % 8 == 0 ? 0 : 8);
    Tensor wider = filled(type, Placement.PACKED, 1, rows, stride);
    return Tensor.of(wider.storage(), wider.offset(), type, Shape.of(rows, width), stride, 1);
  }

  /** Weights of experts: streamed for a row each, in tiles for as many as fall to each, of which one has none. */
  private void experts(Size size) {
    for (DType type : WEIGHTS) {
      int k = type.isBlock() ? size.of(3, 2) * type.blockSize() : size.of(77, 128);
      add("grouped_matmul " + type + " streamed", size, () -> grouped(size, type, DType.F32, 2, size.of(19, 16), k, size == Size.ODD));
    }
    for (DType type : TILED) {
      int k = type.isBlock() ? type.blockSize() * (type.blockSize() > 32 ? 1 : size.of(3, 2)) : size.of(77, 64);
      add("grouped_matmul " + type + " by tiles", size, () -> grouped(size, type, DType.F32, size.of(75, 64), size.of(67, 64), k, size == Size.ALIGNED));
    }
    add("grouped_matmul F16 of F16 by tiles", size, () -> grouped(size, DType.F16, DType.F16, size.of(75, 64), size.of(67, 64), size.of(77, 64), true));
    add("moe_route", size, () -> harness.check(new MoeRoute(filled(DType.F32, size.placement(), 2, 5, 40), Optional.empty(),
        new MoeRoute.Options(MoeRoute.Gating.SOFTMAX, size.of(8, 1), size.of(3, 1), MoeRoute.GroupScore.TOP_TWO, true, 1), harness.place(DType.I32, size.placement(), 5, 6),
        out(size, 5, 6)), F32_BOUND));
  }

  private void grouped(Size size, DType type, DType in, int tokens, int n, int k, boolean gated) {
    int top = 2;
    Tensor w = filled(type, size.placement(), 0.07, 5, n, k);
    double[] picks = new double[tokens * top];
    for (int i = 0; i < picks.length; i++) {
      picks[i] = i % 7 == 0 ? 4 : i % 3;
    }
    Tensor chosen = harness.fill(harness.place(DType.I32, size.placement(), tokens, top), picks);
    Optional<Tensor> gates = gated ? Optional.of(harness.input(DType.F32, Inputs.uniform(7, tokens * top, 0.5, 2), tokens, top)) : Optional.empty();
    Optional<Tensor> bias = size == Size.ODD ? Optional.of(harness.input(DType.F32, Inputs.normal(4, 5 * n, 1), 5, n)) : Optional.empty();
    Tensor x = gated ? filled(in, size.placement(), 1, tokens, top, k) : filled(in, size.placement(), 1, tokens, k);
    harness.check(new GroupedMatmul(x, w, chosen, gates, bias, gated ? out(size, tokens, n) : out(size, tokens, top, n)), bound(type, tokens));
  }

  /** Weights of 16 bits whose rows begin where no copy of 16 bytes can. */
  private void undecoded(Size size) {
    for (DType in : new DType[] {DType.F32, DType.F16}) {
      DType type = in == DType.F16 ? DType.F16 : DType.BF16;
      for (int m : new int[] {64, 256}) {
        add("matmul " + type + " shifted, of " + in + " by " + m, size, () -> harness.check(new Matmul(filled(in, Placement.PACKED, 1, m, 64),
            filled(type, Placement.SHIFTED, 0.07, m, 64), out(size, m, m)), F32_BOUND));
      }
    }
  }

  /** Weights of 8-bit floats with a scale of each form; few tiles of a long sum, whose parts are added. */
  private void scaled(Size size) {
    for (DType type : new DType[] {DType.F8_E4M3, DType.F8_E5M2}) {
      for (int rows : new int[] {1, 2, size.of(3, 4), size.of(7, 8), size.of(19, 32), size.of(41, 64), size.of(131, 256)}) {
        int n = size.of(133, 256);
        int k = size.of(333, 256);
        for (Shape scale : List.of(Shape.of(1), Shape.of(n), Shape.of(Math.ceilDiv(n, Matmul.SCALED), Math.ceilDiv(k, Matmul.SCALED)))) {
          scaled(size, type, rows, n, k, scale);
        }
      }
    }
    for (int rows : new int[] {size.of(19, 32), size.of(41, 64)}) {
      int n = size.of(101, 128);
      int k = size.of(1040, 1024);
      scaled(size, DType.F8_E4M3, rows, n, k, Shape.of(n));
      scaled(size, DType.F8_E4M3, rows, n, k, Shape.of(1, Math.ceilDiv(k, Matmul.SCALED)));
    }
  }

  /** Packed, so that rows of whole 16 bytes may be copied. */
  private void scaled(Size size, DType type, int rows, int n, int k, Shape scale) {
    for (Placement lies : size == Size.ODD ? List.of(Placement.PACKED, Placement.STRIDED) : List.of(Placement.PACKED)) {
      int whole = lies == Placement.PACKED ? Math.ceilDiv(k, BYTES_COPIED) * BYTES_COPIED : k;
      add("matmul " + type + " with a scale " + scale + " by " + rows + " " + lies, size, () -> {
        Optional<Tensor> bias = size == Size.ODD ? Optional.of(harness.vector(Inputs.normal(4, n, 1))) : Optional.empty();
        Tensor w = filled(type, lies, 0.07, n, whole);
        Tensor x = filled(DType.F32, size.placement(), 1, rows, whole);
        harness.check(new Matmul(x, w, Optional.of(scale(scale.sizes())), bias, out(size, rows, n)), SCALED_BOUND);
      });
    }
  }

  private Tensor scale(long... shape) {
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    return harness.input(DType.F32, Inputs.uniform(7, n, 0.5, 2), shape);
  }

  private void multiply(Size size, DType type, DType in, int m, int n, int k) {
    Tensor w = filled(type, size.placement(), 0.07, n, k);
    harness.check(new Matmul(filled(in, size.placement(), 1, m, k), w, out(size, m, n)), bound(type, m));
  }

  /** Kernels that stream a weight round nothing; tiles of a block-quantized one round both factors to BF16. */
  static double bound(DType weight, int rows) {
    return weight.isBlock() && rows > MOST_STREAMED ? BRAIN_BOUND : F32_BOUND;
  }
}
