package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.AttentionCases;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;

/** The same operator of the cpu backend, without its kernels in C, in a JVM with the Vector API and in one without. */
public class VectorPairBenchmark extends OperatorRuns {
  /** Which operator: one token of each. */
  @Param({"matmul", "attention", "rms_norm", "silu_mul"})
  public String operator;

  /** The type of the weight and of the cache; rows of the other operators are f32. */
  @Param("q8_0")
  public String dtype;

  /** Positions of attention. */
  @Param("1024")
  public int context;

  /** With the Vector API. */
  @Benchmark
  @Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Dgatun.cpu.native=off", "-Xmx2g"})
  public long vector() {
    return call();
  }

  /** Without it. */
  @Benchmark
  @Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dgatun.cpu.native=off", "-Xmx2g"})
  public long scalar() {
    return call();
  }

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    int hidden = model.hidden();
    int wide = model.intermediate();
    return switch (operator) {
      case "matmul" -> MatmulCases.product(model.name() + " ffn_gate", 1, wide, hidden, type, DType.F32).layOut().apply(lab);
      case "attention" -> AttentionCases.step(lab, context, 1, AttentionPrefillBenchmark.heads(model), type);
      case "rms_norm" -> Copies.ofRows(lab, () -> new RmsNorm(lab.random(DType.F32, 1, hidden), lab.random(DType.F32, hidden), model.eps(),
          lab.output(DType.F32, 1, hidden)), Copies.BOUND);
      case "silu_mul" -> Copies.ofRows(lab, () -> new SiluMul(lab.random(DType.F32, 1, wide), lab.random(DType.F32, 1, wide),
          lab.output(DType.F32, 1, wide)), Copies.BOUND);
      default -> throw new NotRunException("there is no operator '" + operator + "' here; there are: matmul, attention, rms_norm, silu_mul");
    };
  }
}
