package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Tensor;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import java.util.Optional;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** Rotary positions on all heads of queries. */
public class RopeBenchmark extends OperatorBenchmark {
  /** The type of queries. */
  @Param("f32")
  public String dtype;

  /** Tokens. */
  @Param({"1", "128"})
  public int rows;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    Tensor positions = lab.ints(IntStream.range(0, rows).map(row -> 100 + row).toArray());
    Rotation rotation = new Rotation(Rotation.Pairs.INTERLEAVED, model.keySize(), model.ropeBase());
    return Copies.ofRows(lab, () -> new Rope(lab.random(type, rows, model.heads(), model.keySize()), positions, Optional.empty(), rotation,
        lab.output(type, rows, model.heads(), model.keySize())), Copies.BOUND);
  }
}
