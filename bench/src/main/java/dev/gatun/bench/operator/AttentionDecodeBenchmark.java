package dev.gatun.bench.operator;

import dev.gatun.decoder.cli.bench.AttentionCases;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Param;

/** Attention of one token of each sequence over a paged cache. */
public class AttentionDecodeBenchmark extends OperatorBenchmark {
  /** The type of the cache. */
  @Param({"f16", "q8_0"})
  public String dtype;

  /** Positions of a sequence in the cache. */
  @Param({"1024", "8192"})
  public int context;

  /** Sequences, one token of each. */
  @Param("1")
  public int sequences;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    return AttentionCases.step(lab, context, sequences, AttentionPrefillBenchmark.heads(model), Shapes.type(dtype));
  }
}
