package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Quantize;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Param;

/** Weights into blocks and back. */
public class BlockBenchmark extends OperatorBenchmark {
  /** Which way. */
  @Param({"quantize", "dequantize"})
  public String operator;

  /** The type of blocks. */
  @Param({"q8_0", "q4_0"})
  public String dtype;

  /** Rows. */
  @Param({"1", "128"})
  public int rows;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    int n = model.hidden();
    return switch (operator) {
      case "quantize" -> Copies.ofRows(lab, () -> new Quantize(lab.random(DType.F32, rows, n), lab.output(type, rows, n)), Copies.QUANT_BOUND);
      case "dequantize" -> Copies.ofRows(lab, () -> new Dequantize(lab.random(type, rows, n), lab.output(DType.F32, rows, n)), Copies.BOUND);
      default -> throw new NotRunException("there is no operator '" + operator + "' here; there are: quantize, dequantize");
    };
  }
}
