package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Chooses the experts of each token and what their results weigh. With {@code g = gate(logits)} over all experts and {@code s = g + bias} the score of an
 * expert: of the E experts stay those of the {@link Options#groupsChosen()} best groups; of these the K of the highest score are {@code chosen}, the highest
 * first; {@code weights[t, j] = scale · g[chosen[t, j]]}, divided before by {@code max(Σ_j g[chosen[t, j]], 2^-14)} where they are to be normalized (llama.cpp's
 * rule; a NaN sum gives NaN). The bias chooses and never weighs (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
 *
 * <p>Scores are those of F32 arithmetic, with exponentials off by a few units of its last place: of two experts nearer than that either may be chosen. Without a
 * bias experts, and groups by their highest, are ordered by the logits themselves, of which every gate is a rising function. The order is that of {@link TopK}: the lower
 * index comes first in a tie, and a NaN is larger than any number.
 *
 * @param logits {@code [T, E]} in F32, rows contiguous
 * @param bias {@code [E]} in F32, added for choosing only, if the model has one
 * @param options how scores come about and what is done with the weights
 * @param chosen {@code [T, K]} in I32, rows contiguous
 * @param weights {@code [T, K]} in F32, rows contiguous
 */
public record MoeRoute(Tensor logits, Optional<Tensor> bias, Options options, Tensor chosen, Tensor weights) implements Operator {
  /** The least sum that normalized weights are divided by: the smallest normal F16. */
  public static final float LEAST_SUM = 0x1p-14f;

  /** From a logit to the gate. */
  public enum Gating {
    /** {@code softmax(logits)} over all experts: DeepSeek-V2, Qwen MoE. */
    SOFTMAX,
    /** {@code 1 / (1 + exp(−logit))}: DeepSeek-V3. */
    SIGMOID,
    /** {@code softmax} over the logits of the chosen experts alone, which are chosen by their logits: Mixtral, gpt-oss. */
    SOFTMAX_OF_CHOSEN
  }

  /** From the scores of a group's experts to that of the group. */
  public enum GroupScore {
    /** The highest: DeepSeek-V2. */
    MAX,
    /** The sum of the two highest: DeepSeek-V3, and every model with groups in llama.cpp. */
    TOP_TWO
  }

  /**
   * The scalars of a choice.
   *
   * @param gating from a logit to the gate
   * @param groups into how many groups of neighbours the experts are divided; 1 for none
   * @param groupsChosen from how many groups experts are chosen
   * @param groupScore from the scores of a group's experts to that of the group
   * @param normalize whether the weights of a token are divided by their sum
   * @param scale what weights are multiplied by at last
   */
  public record Options(Gating gating, int groups, int groupsChosen, GroupScore groupScore, boolean normalize, float scale) {
    /** Checks the numbers. @throws ShapeException where they make no choice */
    public Options {
      Require require = new Require("moe_route");
      require.that(groups > 0, "groups must be positive, not " + groups);
      require.that(groupsChosen > 0 && groupsChosen <= groups, "groups chosen must be 1 to the " + groups + " groups, not " + groupsChosen);
      require.finite("scale", scale);
    }

    /** Without groups and scale. */
    public static Options of(Gating gating, boolean normalize) {
      return new Options(gating, 1, 1, GroupScore.MAX, normalize, 1);
    }
  }

  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public MoeRoute {
    Require require = new Require("moe_route");
    require.rank("logits", logits, 2).type("logits", logits, DType.F32).rowsContiguous("logits", logits);
    bias.ifPresent(b -> require.type("bias", b, DType.F32).shape("bias", b, logits.size(1)).rowsContiguous("bias", b));
    require.type("chosen", chosen, DType.I32).shape("chosen", chosen, logits.size(0), -1).rowsContiguous("chosen", chosen);
    require.type("weights", weights, DType.F32).sameShape("weights", weights, "chosen", chosen).rowsContiguous("weights", weights);
    require.sameCount(logits, chosen, weights);
    long experts = logits.size(1);
    require.that(experts % options.groups == 0, experts + " experts are not " + options.groups + " groups of one size");
    long eligible = experts / options.groups * options.groupsChosen;
    require.that(chosen.size(1) > 0 && chosen.size(1) <= eligible, "chosen must be 1 to the " + eligible + " experts of the groups chosen, not " + chosen.size(1));
  }

  @Override
  public String name() {
    return "moe_route";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("logits", logits)));
    bias.ifPresent(b -> list.add(Operand.in("bias", b)));
    list.add(Operand.out("chosen", chosen));
    list.add(Operand.out("weights", weights));
    return list;
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("gating", options.gating), new Flag("groups", options.groups), new Flag("groups_chosen", options.groupsChosen),
        new Flag("group_score", options.groupScore), new Flag("normalize", options.normalize), new Flag("scale", options.scale));
  }

  @Override
  public MoeRoute with(UnaryOperator<Tensor> replace) {
    return new MoeRoute(replace.apply(logits), bias.map(replace), options, replace.apply(chosen), replace.apply(weights));
  }
}
