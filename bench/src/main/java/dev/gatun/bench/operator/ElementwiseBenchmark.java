package dev.gatun.bench.operator;

import dev.gatun.Add;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Param;

/** What works on each element by itself, over the rows between a model's two halves of a feed-forward block, or its hidden states. */
public class ElementwiseBenchmark extends OperatorBenchmark {
  private static final float CAP = 30;
  private static final float FACTOR = 0.125f;

  /** Which operator. */
  @Param({"silu_mul", "gelu", "gelu_mul", "add", "mul", "scale", "softcap", "copy"})
  public String operator;

  /** The type of elements. */
  @Param("f32")
  public String dtype;

  /** Rows. */
  @Param({"1", "128"})
  public int rows;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    int width = operator.startsWith("gelu") || operator.equals("silu_mul") ? model.intermediate() : model.hidden();
    return Copies.ofRows(lab, make(lab, width), Copies.BOUND);
  }

  private Supplier<Operator> make(Lab lab, int width) {
    DType type = Shapes.type(dtype);
    Supplier<Tensor> in = () -> lab.random(type, rows, width);
    Supplier<Tensor> out = () -> lab.output(type, rows, width);
    return switch (operator) {
      case "silu_mul" -> () -> new SiluMul(in.get(), in.get(), out.get());
      case "gelu" -> () -> new Gelu(in.get(), Gelu.Form.TANH, out.get());
      case "gelu_mul" -> () -> new GeluMul(in.get(), in.get(), Gelu.Form.TANH, out.get());
      case "add" -> () -> new Add(in.get(), in.get(), out.get());
      case "mul" -> () -> new Mul(in.get(), in.get(), out.get());
      case "scale" -> () -> new Scale(in.get(), FACTOR, out.get());
      case "softcap" -> () -> new Softcap(in.get(), CAP, out.get());
      case "copy" -> () -> new Copy(in.get(), out.get());
      default -> throw new NotRunException("there is no operator '" + operator
          + "' here; there are: silu_mul, gelu, gelu_mul, add, mul, scale, softcap, copy");
    };
  }
}
