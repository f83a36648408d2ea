package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Param;

/** A weight of a model by the rows of one token or of many. */
public class MatmulBenchmark extends OperatorBenchmark {
  private static final int MANY_ROWS = 32;

  /** Which weight of the model: ffn_gate, ffn_down, attn_q, attn_k, output. */
  @Param("ffn_gate")
  public String weight;

  /** The type of the weight. */
  @Param({"f16", "q8_0", "q4_0"})
  public String dtype;

  /** The type of activations and results. */
  @Param("f32")
  public String activations;

  /** Rows of activations. */
  @Param({"1", "128"})
  public int rows;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    int[] sizes = sizes(model, weight);
    DType type = Shapes.type(dtype);
    return MatmulCases.product(model.name() + " " + weight, rows, sizes[0], sizes[1], type, Shapes.type(activations)).layOut().apply(lab);
  }

  /** Rows and columns of a weight. */
  static int[] sizes(ModelShape model, String weight) {
    return switch (weight) {
      case "ffn_gate" -> new int[] {model.intermediate(), model.hidden()};
      case "ffn_down" -> new int[] {model.hidden(), model.intermediate()};
      case "attn_q" -> new int[] {model.heads() * model.keySize(), model.hidden()};
      case "attn_k" -> new int[] {model.kvHeads() * model.keySize(), model.hidden()};
      case "output" -> new int[] {model.vocabulary(), model.hidden()};
      default -> throw new NotRunException("there is no weight '" + weight + "'; there are: ffn_gate, ffn_down, attn_q, attn_k, output");
    };
  }

  @Override
  int mostCopies() {
    return rows < MANY_ROWS ? super.mostCopies() : FEW_COPIES;
  }
}
