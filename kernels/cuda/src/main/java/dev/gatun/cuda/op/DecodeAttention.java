package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.cuda.kernel.Gpu;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How tokens are decoded: each by itself, its positions cut into ranges that a second kernel merges.
 *
 * @param kernel the kernel's name
 * @param group the query heads that share what a block reads
 * @param splits the ranges that a token's positions are cut into at most
 * @param tokens the tokens that are decoded at most
 */
record DecodeAttention(String kernel, int group, int splits, long tokens) {
  static final String MERGE = "attention_merge_128";

  private static final int CHUNK = 8;
  private static final int GROUP = 4;
  private static final int WIDE_GROUP = 8;
  /** What a group of eight query heads has a kernel for: types and sizes that models with such groups come in. */
  private static final Map<DType, Set<Integer>> WIDE = Map.of(DType.F16, Set.of(64, 128), DType.BF16, Set.of(64, 128), DType.Q8_0, Set.of(128));
  /** Positions that a block reads at a time; a shorter range would leave some of its warps without keys. */
  private static final int LEAST_RANGE = 128;
  private static final int MOST_SPLITS = 128;
  /** What 140 registers a thread leave room for, 3, and one more so that blocks that end early have successors. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  /** Whether there is a kernel for this attention's keys; if not, the reason is added. */
  static boolean serves(Attention o, List<String> rejected) {
    if (!(o.kv() instanceof Kv.Paged)) {
      rejected.add("decode: keys are not in pages, so that their rows need not be aligned");
    } else if (o.q().size(2) % CHUNK != 0 || o.y().size(2) % CHUNK != 0) {
      rejected.add("decode: head sizes that are no multiples of " + CHUNK);
    } else {
      return true;
    }
    return false;
  }

  /** For up to {@code tokens} of an attention that {@link #serves}, with heads of at most {@code size}. */
  static DecodeAttention of(Attention o, int size, long tokens, Gpu gpu) {
    DType kept = AttentionCut.kept(o);
    int heads = AttentionCut.group(o);
    int group = heads > GROUP && WIDE.getOrDefault(kept, Set.of()).contains(size) ? WIDE_GROUP : GROUP;
    long blocks = Math.max(1, tokens * AttentionCut.heads(o) * Math.ceilDiv(heads, group));
    long filling = Math.ceilDiv((long) gpu.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR, blocks);
    long longest = Math.ceilDiv(AttentionCut.seen(o), LEAST_RANGE);
    int splits = Math.clamp(Math.min(filling, longest), 1, MOST_SPLITS);
    return new DecodeAttention("attention_decode_" + kept.name().toLowerCase(Locale.ROOT) + "_" + size + "x" + group, group, splits, tokens);
  }

  String tile() {
    return "a block a token and " + group + " query heads" + (splits > 1 ? ", up to " + splits + " ranges of positions" : "");
  }

  long blocks(Attention o) {
    return tokens * AttentionCut.heads(o) * Math.ceilDiv(AttentionCut.group(o), group) * splits;
  }

  boolean merges() {
    return splits > 1;
  }

  /** Blocks of the merge: one a token and query head. */
  long merges(Attention o) {
    return tokens * o.q().size(1);
  }

  /** What the ranges leave for the merge: for each query head the largest score, the sum of weights, and the weighted sum of values. */
  long workspaceBytes(Attention o) {
    return splits == 1 ? 0 : tokens * o.q().size(1) * splits * (o.y().size(2) + 2) * Float.BYTES;
  }
}
