package dev.gatun.decoder.cli.bench;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What goes over rows once: bound by memory alone. */
public final class RowCases {
  private static final double BOUND = 1e-4;

  /** Where another rounding of a tie gives another quant. */
  private static final double QUANT_BOUND = 1e-2;
  private static final int SAMPLED_ROWS = 8;

  private RowCases() {}

  static KernelCase quantize(BenchScale scale, DType type, int rows, int columns) {
    return of(scale, "quantize", type, rows, columns, lab -> new Quantize(lab.random(DType.F32, scale.rows(rows), scale.width(columns)),
        lab.output(type, scale.rows(rows), scale.width(columns))), DType.F32, QUANT_BOUND);
  }

  static KernelCase dequantize(BenchScale scale, DType type, int rows, int columns) {
    return of(scale, "dequantize", type, rows, columns, lab -> new Dequantize(lab.random(type, scale.rows(rows), scale.width(columns)),
        lab.output(DType.F32, scale.rows(rows), scale.width(columns))), DType.F32, BOUND);
  }

  static KernelCase rmsNorm(BenchScale scale, DType type, int rows, int columns) {
    return of(scale, "rms_norm", type, rows, columns, lab -> new RmsNorm(lab.random(type, scale.rows(rows), scale.width(columns)),
        lab.random(DType.F32, scale.width(columns)), 1e-5f, lab.output(type, scale.rows(rows), scale.width(columns))), type, BOUND);
  }

  static KernelCase siluMul(BenchScale scale, DType type, int rows, int columns) {
    return of(scale, "silu_mul", type, rows, columns, lab -> new SiluMul(lab.random(type, scale.rows(rows), scale.width(columns)),
        lab.random(type, scale.rows(rows), scale.width(columns)), lab.output(type, scale.rows(rows), scale.width(columns))), type, BOUND);
  }

  private static KernelCase of(BenchScale scale, String kernel, DType type, int rows, int columns, Function<Lab, Operator> make, DType other,
      double bound) {
    int m = scale.rows(rows);
    int n = scale.width(columns);
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("m", (long) m);
    sizes.put("n", (long) n);
    sizes.put("type", type.label());
    return new KernelCase(kernel, type.label() + " " + rows + "x" + columns, sizes, lab -> {
      Supplier<Operator> copy = () -> make.apply(lab);
      List<Operator> copies = Stream.generate(copy).limit(lab.copies(type.bytes((long) m * n) + other.bytes((long) m * n))).toList();
      return new Trial(copies, index -> error(lab, copies.get(index)), bound);
    });
  }

  /** Every operator here works on each row by itself, so that some rows on the host are the same operator. */
  public static double error(Lab lab, Operator o) {
    Tensor y = o.operands().getLast().tensor();
    int[] rows = MatmulCases.sample(Math.toIntExact(y.size(0)), SAMPLED_ROWS);
    Operator sampled = o.with(tensor -> tensor.shape().rank() == 1 ? lab.onHost(tensor) : lab.onHost(tensor, rows));
    double[] found = Elements.all(Host.buffers(), sampled.operands().getLast().tensor());
    return Nmse.of(Oracle.compute(sampled, Host.buffers()).get("y"), found);
  }
}
