package dev.gatun.bench.operator;

import dev.gatun.decoder.cli.bench.AttentionCases;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Param;

/** Attention of all tokens of a prompt over its own keys. */
public class AttentionPrefillBenchmark extends OperatorBenchmark {
  /** The type of queries, keys, values and results. */
  @Param("bf16")
  public String dtype;

  /** Tokens of the prompt. */
  @Param("512")
  public int tokens;

  /** Whether a token sees only what comes before it. */
  @Param("true")
  public boolean causal;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    return AttentionCases.prompt(lab, tokens, heads(model), Shapes.type(dtype), causal);
  }

  static AttentionCases.Heads heads(ModelShape model) {
    return new AttentionCases.Heads(model.heads(), model.kvHeads(), model.keySize(), model.valueSize());
  }

  @Override
  int mostCopies() {
    return FEW_COPIES;
  }
}
