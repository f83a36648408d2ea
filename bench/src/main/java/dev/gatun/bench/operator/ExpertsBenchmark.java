package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.MoeRoute;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** A layer's choice of experts, and the products with the weights of those chosen. */
public class ExpertsBenchmark extends OperatorBenchmark {
  /** A backend may round activations to 8 bits beside quantized weights. */
  private static final double BOUND = 1e-3;

  private static final int SAMPLED_COLUMNS = 16;
  private static final int MANY_ROWS = 32;

  /** What is run: the choice, or the products of gate (or up) or of down, which are added up. */
  @Param({"moe_route", "ffn_gate_exps", "ffn_down_exps"})
  public String operator;

  /** The type of the weights. */
  @Param("q4_0")
  public String dtype;

  /** Tokens. */
  @Param({"1", "128"})
  public int rows;

  /** The model whose experts these are, in place of {@code shape}. */
  @Param("qwen3-30b-a3b")
  public String experts;

  private long seed;

  @Override
  Trial layOut(Lab lab, ModelShape unused) {
    ModelShape model = Shapes.named(experts);
    if (model.experts() == 0) {
      throw new NotRunException("the shape '" + model.name() + "' has no experts; take -p experts=qwen3-30b-a3b, deepseek-v2-lite or mixtral-8x7b");
    }
    return switch (operator) {
      case "moe_route" -> Copies.ofRows(lab, () -> new MoeRoute(lab.random(DType.F32, rows, model.experts()), Optional.empty(),
          MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX, true), lab.output(DType.I32, rows, model.expertsUsed()), lab.output(DType.F32, rows, model.expertsUsed())),
          Copies.BOUND);
      case "ffn_gate_exps" -> products(lab, model, model.intermediate(), model.hidden(), false);
      case "ffn_down_exps" -> products(lab, model, model.hidden(), model.intermediate(), true);
      default -> throw new NotRunException("there is no operator '" + operator + "' here; there are: moe_route, ffn_gate_exps, ffn_down_exps");
    };
  }

  /** One weight: the experts of each copy are others, so that each is met rarely. */
  private Trial products(Lab lab, ModelShape model, int n, int k, boolean down) {
    Tensor w = lab.random(Shapes.type(dtype), model.experts(), n, k);
    Tensor prepared = lab.prepared(w);
    int top = model.expertsUsed();
    return Copies.of(lab, () -> new GroupedMatmul(down ? lab.random(DType.F32, rows, top, k) : lab.random(DType.F32, rows, k), prepared,
        lab.tensor(picks(model), rows, top), down ? Optional.of(lab.random(DType.F32, rows, top)) : Optional.empty(), Optional.empty(),
        down ? lab.output(DType.F32, rows, n) : lab.output(DType.F32, rows, top, n)), BOUND, check(lab, w));
  }

  /** Other experts for each choice of a token. */
  private int[] picks(ModelShape model) {
    SplittableRandom random = new SplittableRandom(seed++);
    return IntStream.range(0, rows).flatMap(_ -> random.ints(0, model.experts()).distinct().limit(model.expertsUsed())).toArray();
  }

  /** Some columns of the last token's results, from a copy of its experts. */
  private static ToDoubleFunction<Operator> check(Lab lab, Tensor w) {
    return operator -> {
      GroupedMatmul o = (GroupedMatmul) operator;
      int last = Math.toIntExact(o.chosen().size(0)) - 1;
      Tensor chosen = lab.onHost(o.chosen(), last);
      int[] experts = chosen.buffer().host().orElseThrow().asSlice(0, chosen.bytes()).toArray(ValueLayout.JAVA_INT);
      Tensor few = lab.hostTensor(DType.I32, 1, experts.length);
      MemorySegment.copy(MemorySegment.ofArray(IntStream.range(0, experts.length).toArray()), 0, few.buffer().host().orElseThrow(), 0, few.bytes());
      Tensor weights = lab.onHost(w, experts);
      Tensor y = lab.onHost(o.y(), last);
      int[] columns = MatmulCases.sample(Math.toIntExact(w.size(1)), SAMPLED_COLUMNS);
      double[] expected = new double[0];
      double[] found = new double[0];
      for (int column : columns) {
        Tensor at = y.slice(-1, column, column + 1);
        GroupedMatmul one = new GroupedMatmul(lab.onHost(o.x(), last), weights.slice(1, column, column + 1), few, o.gates().map(g -> lab.onHost(g, last)),
            Optional.empty(), at);
        expected = joined(expected, Oracle.compute(one, Host.buffers()).get("y"));
        found = joined(found, Elements.all(Host.buffers(), at));
      }
      return Nmse.of(expected, found);
    };
  }

  private static double[] joined(double[] a, double[] b) {
    double[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  @Override
  int mostCopies() {
    return rows < MANY_ROWS ? super.mostCopies() : FEW_COPIES;
  }
}
