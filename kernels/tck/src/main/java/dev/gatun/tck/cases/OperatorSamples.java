package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.Kv;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Small operators of the whole catalogue, for what is asked of all alike. */
final class OperatorSamples {
  private static final int ROWS = 3;
  private static final int WIDE = 40;
  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  private final Workbench bench;
  private final List<Operator> list = new ArrayList<>();

  private OperatorSamples(Workbench bench) {
    this.bench = bench;
  }

  /** Every operator, with one dtype of each kind. */
  static List<Operator> all(Ground ground) {
    OperatorSamples samples = new OperatorSamples(ground.bench);
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.I32, DType.Q8_0, DType.Q4_0, DType.Q6_K}) {
      samples.about(type);
    }
    return samples.list;
  }

  /** The operators that are about one dtype: of their rows, their weight or what they convert. */
  static List<Operator> of(Ground ground, DType type) {
    OperatorSamples samples = new OperatorSamples(ground.bench);
    samples.about(type);
    return samples.list;
  }

  private void about(DType type) {
    if (type == DType.I8 || type == DType.I32) {
      list.add(new Copy(tensor(type, ROWS, WIDE), bench.output(type, ROWS, WIDE)));
      return;
    }
    int k = Math.max(64, type.blockSize());
    for (DType x : FLOATS) {
      for (DType y : FLOATS) {
        for (int rows : new int[] {1, ROWS}) {
          list.add(new Matmul(tensor(x, rows, k), tensor(type, WIDE, k), bench.output(y, rows, WIDE)));
          if (Scaling.ROWS.fits(type)) {
            list.add(new Matmul(tensor(x, rows, k), tensor(type, WIDE, k), Optional.of(tensor(DType.F32, WIDE)), Optional.empty(), bench.output(y, rows, WIDE)));
          }
        }
      }
      list.add(new Embedding(bench.ints(2, 0, 1), tensor(type, WIDE, k), bench.output(x, ROWS, k)));
      Tensor chosen = bench.input(DType.I32, Placement.PACKED, new double[] {1, 0, 0, 1, 1, 0}, ROWS, 2);
      list.add(new GroupedMatmul(tensor(x, ROWS, k), tensor(type, 2, WIDE, k), chosen, bench.output(x, ROWS, 2, WIDE)));
    }
    if (type.isBlock()) {
      list.add(new Quantize(tensor(DType.F32, ROWS, k), bench.output(type, ROWS, k)));
      FLOATS.forEach(y -> list.add(new Dequantize(tensor(type, ROWS, k), bench.output(y, ROWS, k))));
    } else {
      FLOATS.forEach(y -> list.add(new Copy(tensor(type, ROWS, WIDE), bench.output(y, ROWS, WIDE))));
      FLOATS.forEach(x -> list.add(new Copy(tensor(x, ROWS, WIDE), bench.output(type, ROWS, WIDE))));
    }
    if (type.isFloat()) {
      rows(type);
    }
    if (type == DType.F32) {
      logits();
    }
  }

  private void rows(DType type) {
    Tensor x = tensor(type, ROWS, WIDE);
    Tensor other = tensor(type, ROWS, WIDE);
    Tensor norm = tensor(DType.F32, WIDE);
    for (DType y : FLOATS) {
      Tensor out = bench.output(y, ROWS, WIDE);
      list.addAll(List.of(new Add(x, other, out), new Mul(x, other, out), new Scale(x, 3, out), new Softcap(x, 2, out), new SiluMul(x, other, out),
          new Softmax(x, 1, out), new RmsNorm(x, norm, 1e-5f, out), new LayerNorm(x, norm, Optional.of(norm), 1e-5f, out)));
      for (Gelu.Form form : Gelu.Form.values()) {
        list.add(new Gelu(x, form, out));
        list.add(new GeluMul(x, other, form, out));
      }
    }
    list.add(new GatherRows(x, bench.ints(2, 0), bench.output(type, 2, WIDE)));
    list.add(new Argmax(x, bench.output(DType.I32, ROWS)));
    list.add(new TopK(x, bench.output(DType.F32, ROWS, 4), bench.output(DType.I32, ROWS, 4)));
    Tensor heads = tensor(type, ROWS, 2, 16);
    Ragged batch = new Ragged(bench.ints(0, ROWS), bench.ints(0), bench.ints(0, 1, 2));
    for (Rotation.Pairs pairs : Rotation.Pairs.values()) {
      list.add(new Rope(heads, batch.positions(), Optional.empty(), new Rotation(pairs, 16, 10_000), bench.output(type, ROWS, 2, 16)));
    }
    list.add(new Attention(heads, new Kv.Dense(tensor(type, ROWS, 1, 16), tensor(type, ROWS, 1, 16), bench.ints(0, ROWS)), batch,
        Attention.Options.causal(0.25f), Optional.empty(), bench.output(type, ROWS, 2, 16)));
  }

  private void logits() {
    Tensor x = tensor(DType.F32, ROWS, WIDE);
    for (MoeRoute.Gating gating : MoeRoute.Gating.values()) {
      list.add(new MoeRoute(x, Optional.of(tensor(DType.F32, WIDE)), MoeRoute.Options.of(gating, true), bench.output(DType.I32, ROWS, 4),
          bench.output(DType.F32, ROWS, 4)));
    }
    list.add(new Penalize(x, bench.input(DType.I32, Placement.PACKED, new double[ROWS * 2], ROWS, 2), bench.ints(2, 0, 1),
        bench.input(DType.F32, Placement.PACKED, new double[] {1, 0, 0, 1.1, 0.1, 0.2, 1, 0, 0}, ROWS, 3), bench.output(DType.F32, ROWS, WIDE)));
    list.add(new Sample(x, bench.input(DType.F32, Placement.PACKED, new double[] {1, 0, 1, 0, 1, 5, 0.9, 0, 0, 0, 1, 0}, ROWS, 4),
        bench.input(DType.I32, Placement.PACKED, new double[ROWS * 3], ROWS, 3), bench.ints(0, 1, 2), bench.output(DType.I32, ROWS)));
  }

  private Tensor tensor(DType type, long... shape) {
    int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return bench.input(type, Placement.PACKED, (type == DType.I8 || type == DType.I32 ? Fill.TIES : Fill.NORMAL).values(list.size(), n), shape);
  }
}
