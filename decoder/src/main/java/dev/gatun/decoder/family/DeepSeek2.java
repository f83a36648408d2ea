package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** DeepSeek V2, V2-Lite, V3 and R1: multi-head latent attention, experts beside shared ones, the first layers dense, YaRN. */
final class DeepSeek2 implements Family {
  @Override
  public String architecture() {
    return "deepseek2";
  }

  @Override
  public Blueprint read(Keys keys) {
    if (keys.real("attention.temperature_scale", 0) != 0) {
      throw keys.fault("metadata key " + keys.name("attention.temperature_scale") + " is not served in family " + architecture());
    }
    int width = keys.uniformSize("expert_feed_forward_length").orElseThrow(() -> keys.missing("expert_feed_forward_length"));
    long shared = (long) keys.optionalCount("expert_shared_count") * width;
    if (shared > Integer.MAX_VALUE) {
      throw keys.fault(keys.name("expert_shared_count") + " with " + keys.name("expert_feed_forward_length") + " is no sensible size: " + shared);
    }
    boolean direct = keys.hasTensor("blk.0.attn_q.weight");
    SizeReader reader = new SizeReader(keys).latent(direct ? 0 : keys.size("attention.q_lora_rank"), keys.size("attention.kv_lora_rank"))
        .experts(ExpertKeys.required(keys, width, (int) shared, keys.optionalCount("leading_dense_block_count"))).rotating(Pairs.INTERLEAVED);
    Rotation rotation = reader.read().rotation().orElseThrow();
    double growth = 0.1 * Math.log(RopeScaling.stretch(rotation));
    double multiplier = keys.real("rope.scaling.yarn_log_multiplier", 0) / 0.1;
    double attention = RopeScaling.attentionFactor(keys);
    // Files that give a multiplier put all of YaRN's factor on the scores, so that it reaches the part of the key that does not rotate, and none on
    // cosine and sine.
    boolean onScores = rotation.scaling() instanceof Scaling.Yarn && multiplier != 0;
    double factor = attention * (onScores ? 1 : 1 + growth) * (1 + multiplier * growth);
    double magnitude = onScores ? 1 / (1 + growth) : rotation.magnitude();
    Rotation own = new Rotation(rotation.pairs(), rotation.dims(), rotation.base(), rotation.scaling(), magnitude);
    Dimensions sizes = reader.rotation(own).attentionScale(factor * factor / Math.sqrt(SizeReader.keySize(keys))).read();
    MoeRoute.Options routing = ExpertKeys.routing(keys, gating(keys), keys.flag("expert_weights_norm", false),
        keys.scale("expert_weights_scale", 1));
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, LatentAttention.load(at), feed(at, routing)));
  }

  private static Part feed(BlockWeights at, MoeRoute.Options routing) {
    Dimensions.Experts experts = at.sizes().experts().orElseThrow();
    return at.index() < experts.denseLayers() ? GatedUnit.load(at, Activation.SILU)
        : ExpertUnit.load(at, routing, Optional.of(GatedUnit.load(at, Activation.SILU, "_shexp", experts.shared())));
  }

  /** Files of V2 do not say. */
  private static Gating gating(Keys keys) {
    int function = keys.optionalCount("expert_gating_func");
    return switch (function) {
      case 0, 1 -> Gating.SOFTMAX;
      case 2 -> Gating.SIGMOID;
      case 3 -> Gating.SOFTMAX_OF_CHOSEN;
      default -> throw keys.fault(keys.name("expert_gating_func") + " " + function + " is not served; served are 1 (softmax), 2 (sigmoid) and 3"
          + " (softmax of those chosen)");
    };
  }
}
