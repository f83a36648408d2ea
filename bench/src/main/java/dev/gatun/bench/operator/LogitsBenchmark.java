package dev.gatun.bench.operator;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Sample;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** What is done with logits: over rows of the vocabulary. */
public class LogitsBenchmark extends OperatorBenchmark {
  private static final int HISTORY = 64;
  private static final int SAMPLED_ROWS = 4;

  /** What float32 sums may move the ends of intervals by. */
  private static final double EPSILON = 1e-4;
  private static final float[] CONTROLS = {0.8f, 0.95f, 0.05f, 40};
  private static final float[] PENALTIES = {1.1f, 0.1f, 0.2f};

  /** Which operator. */
  @Param({"softmax", "argmax", "top_k", "penalize", "sample"})
  public String operator;

  /** The type of logits; penalize and sample take f32 only. */
  @Param("f32")
  public String dtype;

  /** Rows, one of each sequence. */
  @Param({"1", "8"})
  public int rows;

  /** How many top_k wants. */
  @Param("40")
  public int k;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    int n = model.vocabulary();
    DType type = Shapes.type(dtype);
    Supplier<Tensor> x = () -> lab.random(type, rows, n);
    return switch (operator) {
      case "softmax" -> Copies.ofRows(lab, () -> new Softmax(x.get(), 1, lab.output(type, rows, n)), Copies.BOUND);
      case "argmax" -> Copies.ofRows(lab, () -> new Argmax(x.get(), lab.output(DType.I32, rows)), Copies.BOUND);
      case "top_k" -> Copies.ofRows(lab, () -> new TopK(x.get(), lab.output(DType.F32, rows, k), lab.output(DType.I32, rows, k)), Copies.BOUND);
      case "penalize" -> penalize(lab, x, n);
      case "sample" -> sample(lab, x);
      default -> throw new NotRunException("there is no operator '" + operator + "' here; there are: softmax, argmax, top_k, penalize, sample");
    };
  }

  private Trial penalize(Lab lab, Supplier<Tensor> x, int n) {
    Tensor history = lab.tensor(Inputs.integers(1, rows * HISTORY, 0, n), rows, HISTORY);
    Tensor lengths = lab.ints(IntStream.range(0, rows).map(row -> HISTORY).toArray());
    Tensor penalties = lab.tensor(repeated(PENALTIES), rows, PENALTIES.length);
    return Copies.ofRows(lab, () -> new Penalize(x.get(), history, lengths, penalties, lab.output(DType.F32, rows, n)), Copies.BOUND);
  }

  private Trial sample(Lab lab, Supplier<Tensor> x) {
    Tensor controls = lab.tensor(repeated(CONTROLS), rows, CONTROLS.length);
    Tensor seeds = lab.tensor(Inputs.integers(2, rows * 3, 0, Integer.MAX_VALUE), rows, 3);
    Tensor positions = lab.ints(IntStream.range(0, rows).toArray());
    return Copies.of(lab, () -> new Sample(x.get(), controls, seeds, positions, lab.output(DType.I32, rows)), 0, o -> misdrawn(lab, o));
  }

  private float[] repeated(float... row) {
    float[] all = new float[rows * row.length];
    for (int at = 0; at < all.length; at += row.length) {
      System.arraycopy(row, 0, all, at, row.length);
    }
    return all;
  }

  /** How many of some rows have an id that their distribution does not allow. */
  private static double misdrawn(Lab lab, Operator o) {
    int[] some = MatmulCases.sample(Math.toIntExact(o.operands().getFirst().tensor().size(0)), SAMPLED_ROWS);
    Sample few = (Sample) o.with(tensor -> lab.onHost(tensor, some));
    double[] ids = Elements.all(Host.buffers(), few.ids());
    List<Distribution> wanted = Oracle.distributions(few, Host.buffers());
    return IntStream.range(0, ids.length).filter(i -> !wanted.get(i).allows((int) ids[i], EPSILON)).count();
  }
}
