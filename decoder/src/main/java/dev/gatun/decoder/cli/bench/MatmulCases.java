package dev.gatun.decoder.cli.bench;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Products with the weights of models, for one token and for many. */
public final class MatmulCases {
  /** A backend may round activations to 8 bits beside quantized weights; BF16 results are rounded too. A wrong kernel is far outside. */
  private static final double BOUND = 1e-3;

  /** Activations may be rounded to 8-bit floats too. */
  private static final double SCALED_BOUND = 5e-3;
  private static final int SAMPLED_ROWS = 12;
  private static final int SAMPLED_COLUMNS = 48;

  private MatmulCases() {}

  /** The weights of a model by the names of its tensors: rows, columns. */
  static Map<String, int[]> weights(ModelShape shape) {
    Map<String, int[]> weights = new LinkedHashMap<>();
    weights.put("ffn_gate", new int[] {shape.feedForward(), shape.embedding()});
    weights.put("ffn_down", new int[] {shape.embedding(), shape.feedForward()});
    weights.put("attn_q", new int[] {shape.heads() * shape.headSize(), shape.embedding()});
    weights.put("attn_k", new int[] {shape.kvHeads() * shape.headSize(), shape.embedding()});
    weights.put("output", new int[] {shape.vocab(), shape.embedding()});
    return weights;
  }

  /** Decode: activations and results in F32, as the decoder has them. */
  static KernelCase decode(BenchScale scale, ModelShape shape, String weight, DType type, int m) {
    int[] sizes = weights(shape).get(weight);
    return product(shape.name() + " " + weight + " " + type.label() + " m=" + m, m, scale.width(sizes[0]), scale.width(sizes[1]), type, DType.F32);
  }

  /** Prefill of a model's weight: activations and results in BF16. */
  static KernelCase prefill(BenchScale scale, ModelShape shape, String weight, DType type, int m) {
    int[] sizes = weights(shape).get(weight);
    return product(shape.name() + " " + weight + " " + type.label() + " m=" + m, scale.rows(m), scale.width(sizes[0]), scale.width(sizes[1]), type, DType.BF16);
  }

  /** A square product; activations and results in BF16. */
  static KernelCase square(BenchScale scale, DType type, int n) {
    return product("square " + type.label() + " " + n, scale.rows(n), scale.width(n), scale.width(n), type, DType.BF16);
  }

  /** {@code [m, k]} of activations by a weight {@code [n, k]}. */
  public static KernelCase product(String name, int m, int n, int k, DType type, DType activations) {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("m", (long) m);
    sizes.put("n", (long) n);
    sizes.put("k", (long) k);
    sizes.put("type", type.label());
    sizes.put("activations", activations.label());
    return new KernelCase("matmul", name, sizes, lab -> layOut(lab, m, n, k, type, activations));
  }

  private static Trial layOut(Lab lab, int m, int n, int k, DType type, DType activations) {
    long bytes = type.bytes((long) n * k) + activations.bytes((long) m * k + (long) m * n);
    int count = lab.copies(bytes);
    List<Matmul> copies = new ArrayList<>();
    List<Tensor> plain = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tensor w = lab.random(type, n, k);
      Tensor prepared = lab.prepared(w);
      // Only the first and the last answer are looked at.
      if (prepared != w && i > 0 && i < count - 1) {
        w.buffer().close();
      }
      plain.add(w);
      Optional<Tensor> scale = isScaled(type, activations) ? Optional.of(lab.random(DType.F32, 1)) : Optional.empty();
      copies.add(new Matmul(lab.random(activations, m, k), prepared, scale, Optional.empty(), lab.output(activations, m, n)));
    }
    return new Trial(copies, index -> error(lab, copies.get(index), plain.get(index)), isScaled(type, activations) ? SCALED_BOUND : BOUND);
  }

  /** Prompts over a weight of 8-bit floats: with a scale, so that the activations may be rounded as the weight is. */
  private static boolean isScaled(DType type, DType activations) {
    return type == DType.F8_E4M3 && activations != DType.F32;
  }

  /** The error of the first and last rows and columns and some between, {@code w} being the weight as it was before it was prepared. */
  public static double error(Lab lab, Matmul o, Tensor w) {
    int[] rows = sample(Math.toIntExact(o.x().size(0)), SAMPLED_ROWS);
    int[] columns = sample(Math.toIntExact(w.size(0)), SAMPLED_COLUMNS);
    Tensor wanted = lab.hostTensor(DType.F32, rows.length, columns.length);
    double[] expected = Oracle.compute(new Matmul(lab.onHost(o.x(), rows), lab.onHost(w, columns), o.scale().map(lab::onHost),
        Optional.empty(), wanted), Host.buffers()).get("y");
    double[] whole = Elements.all(Host.buffers(), lab.onHost(o.y(), rows));
    int width = Math.toIntExact(o.y().size(1));
    double[] found = new double[expected.length];
    for (int r = 0; r < rows.length; r++) {
      for (int c = 0; c < columns.length; c++) {
        found[r * columns.length + c] = whole[r * width + columns[c]];
      }
    }
    return Nmse.of(expected, found);
  }

  /** Indices below {@code size}: all if they are few, else the first, the last and seeded ones between, in order. */
  public static int[] sample(int size, int most) {
    if (size <= most) {
      return IntStream.range(0, size).toArray();
    }
    SplittableRandom random = new SplittableRandom(size);
    return IntStream.concat(IntStream.of(0, size - 1), random.ints(most, 0, size)).distinct().limit(most)
        .sorted().toArray();
  }
}
