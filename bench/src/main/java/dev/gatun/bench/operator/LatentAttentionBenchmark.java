package dev.gatun.bench.operator;

import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.LatentAttentionCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import org.openjdk.jmh.annotations.Param;

/** Latent attention of the last tokens of a sequence over a paged cache of latent rows, its up-projections in BF16: one token, and a prompt. */
public class LatentAttentionBenchmark extends OperatorBenchmark {
  /** The type of the cache. */
  @Param({"f16", "f8_e4m3"})
  public String dtype;

  /** Positions of the sequence in the cache. */
  @Param({"1024", "8192"})
  public int context;

  /** Its last tokens, which are queried. */
  @Param({"1", "512"})
  public int tokens;

  /** The model whose attention this is, in place of {@code shape}. */
  @Param("deepseek-v2-lite")
  public String latents;

  @Override
  Trial layOut(Lab lab, ModelShape unused) {
    ModelShape model = Shapes.named(latents);
    if (model.latent() == 0) {
      throw new NotRunException("the attention of '" + model.name() + "' is not over latent rows; take -p latents=deepseek-v2-lite, minicpm3-4b or deepseek-v3");
    }
    int rope = model.ropeSize();
    return LatentAttentionCases.trial(lab,
        new LatentAttentionCases.Heads(model.heads(), model.latent(), rope, model.keySize() - rope, model.valueSize()), Shapes.type(dtype), context, tokens);
  }

  @Override
  int mostCopies() {
    return tokens == 1 ? super.mostCopies() : FEW_COPIES;
  }
}
