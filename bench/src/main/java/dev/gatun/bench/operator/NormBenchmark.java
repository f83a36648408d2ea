package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.LayerNorm;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import java.util.Optional;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Param;

/** Norms of rows of hidden states. */
public class NormBenchmark extends OperatorBenchmark {
  /** Which norm. */
  @Param({"rms_norm", "layer_norm"})
  public String operator;

  /** The type of rows. */
  @Param("f32")
  public String dtype;

  /** Rows. */
  @Param({"1", "128"})
  public int rows;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    Supplier<Operator> make = () -> {
      Tensor x = lab.random(type, rows, model.hidden());
      Tensor weight = lab.random(DType.F32, model.hidden());
      Tensor y = lab.output(type, rows, model.hidden());
      return switch (operator) {
        case "rms_norm" -> new RmsNorm(x, weight, model.eps(), y);
        case "layer_norm" -> new LayerNorm(x, weight, Optional.of(lab.random(DType.F32, model.hidden())), model.eps(), y);
        default -> throw new NotRunException("there is no norm '" + operator + "'; there are: rms_norm, layer_norm");
      };
    };
    return Copies.ofRows(lab, make, Copies.BOUND);
  }
}
