package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How tokens are decoded: each by itself, its positions cut into ranges that a second kernel merges.
 *
 * @param kernel the kernel's name
 * @param shared the dynamic shared memory of a block
 * @param group the query heads that share what a block reads
 * @param splits the ranges that a token's positions are cut into at most
 * @param tokens the tokens that are decoded at most
 */
record DecodeAttention(String kernel, int shared, int group, int splits, long tokens) {
  static final String MERGE = "attention_merge_256";

  private static final int CHUNK = 8;
  /** What asynchronous copies read at a time. */
  private static final int COPY_BYTES = 16;
  private static final String PREFIX = "attention_decode_";
  /** What tensor cores multiply, with the head sizes that have a kernel for groups of up to sixteen query heads beside that of eight. */
  private static final Map<DType, Set<Integer>> TENSOR = Map.of(DType.F16, Set.of(64, 128), DType.BF16, Set.of(64, 128),
      DType.F8_E4M3, Set.of(64, 128), DType.F8_E5M2, Set.of());
  private static final int TENSOR_GROUP = 8;
  private static final int WIDE_TENSOR_GROUP = 16;
  private static final int GROUP = 4;
  /** Positions that a block without tensor cores reads at a time. */
  private static final int KEYS = 128;
  /** Threads that find the ranges' weights in the merge. */
  private static final int MOST_SPLITS = 256;
  /** Shared memory of a multiprocessor that each of its blocks takes beside its own, and what a block has of fixed size at most. */
  private static final int BLOCK_OVERHEAD = 1024;
  private static final int FIXED_SHARED = 1024;
  /** What both kernels' registers leave room for. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 2;
  /** What a block does before its first keys arrive, in tiles of keys: two rounds of reads to find the token, one for the page, one for the keys. */
  private static final int START = 2;

  /** Whether there is a kernel for this attention's keys, which have heads of at most {@code size}; if not, the reason is added. */
  static boolean serves(Attention o, int size, Gpu gpu, List<String> rejected) {
    if (o.q().size(2) % CHUNK != 0 || o.y().size(2) % CHUNK != 0) {
      rejected.add("decode: head sizes that are no multiples of " + CHUNK);
      return false;
    }
    if (o.kv() instanceof Kv.Dense dense) {
      if (!onTensorCores(o, size, gpu)) {
        rejected.add("decode: keys of " + AttentionCut.kept(o) + " that are not in pages, so that their rows need not be aligned");
        return false;
      }
      if (!Stream.of(dense.k(), dense.v()).allMatch(DecodeAttention::isAligned)) {
        rejected.add("decode: rows of keys or values that do not begin at multiples of " + COPY_BYTES + " bytes");
        return false;
      }
    }
    return true;
  }

  private static boolean isAligned(Tensor t) {
    return t.offset() % COPY_BYTES == 0 && RowShape.bytes(t, 0) % COPY_BYTES == 0 && RowShape.bytes(t, 1) % COPY_BYTES == 0;
  }

  private static boolean onTensorCores(Attention o, int size, Gpu gpu) {
    return gpu.tensorCores() && TENSOR.containsKey(AttentionCut.kept(o)) && tensorKernel(o, size, gpu).tile("shared") <= gpu.sharedBytes();
  }

  private static Kernel tensorKernel(Attention o, int size, Gpu gpu) {
    DType kept = AttentionCut.kept(o);
    return gpu.manifest().kernel(PREFIX + kept.name().toLowerCase(Locale.ROOT) + "_" + size + "x" + tensorGroup(o, size));
  }

  private static int tensorGroup(Attention o, int size) {
    return AttentionCut.group(o) > TENSOR_GROUP && TENSOR.get(AttentionCut.kept(o)).contains(size) ? WIDE_TENSOR_GROUP : TENSOR_GROUP;
  }

  /** For up to {@code tokens} of an attention that {@link #serves}; if it is not done on tensor cores, the reason is added. */
  static DecodeAttention of(Attention o, int size, long tokens, Gpu gpu, List<String> rejected) {
    if (onTensorCores(o, size, gpu)) {
      Kernel kernel = tensorKernel(o, size, gpu);
      int group = tensorGroup(o, size);
      return new DecodeAttention(kernel.name(), kernel.tile("shared"), group, splits(o, group, kernel.tile("keys"), tokens, resident(kernel, gpu), gpu), tokens);
    }
    DType kept = AttentionCut.kept(o);
    rejected.add("decode on tensor cores: " + (kept == DType.F32 ? "they would round F32 keys and values"
        : !TENSOR.containsKey(kept) ? "blocks of " + kept + " do not lie as they read them"
        : gpu.tensorCores() ? "the rings of heads of " + size + " do not fit the " + gpu.sharedBytes() + " bytes of shared memory of a block"
        : "the device has none that take F16 and BF16"));
    return new DecodeAttention(PREFIX + size, 0, GROUP, splits(o, GROUP, KEYS, tokens, BLOCKS_PER_MULTIPROCESSOR, gpu), tokens);
  }

  /** Blocks of a multiprocessor: what registers leave room for, where shared memory does too. */
  private static int resident(Kernel kernel, Gpu gpu) {
    return Math.clamp((gpu.sharedBytes() + BLOCK_OVERHEAD) / (kernel.tile("shared") + FIXED_SHARED + BLOCK_OVERHEAD), 1, BLOCKS_PER_MULTIPROCESSOR);
  }

  /** As many ranges that the last block to end does so as early as it can: blocks run in waves, each as long as its longest block. */
  private static int splits(Attention o, int group, int keys, long tokens, int resident, Gpu gpu) {
    long blocks = Math.max(1, tokens * AttentionCut.heads(o) * Math.ceilDiv(AttentionCut.group(o), group));
    long places = (long) gpu.multiprocessors() * resident;
    long tiles = Math.ceilDiv(AttentionCut.seen(o), keys);
    int best = 1;
    long least = Long.MAX_VALUE;
    for (int splits = 1; splits <= Math.clamp(tiles, 1, MOST_SPLITS); splits++) {
      long time = Math.ceilDiv(blocks * splits, places) * (Math.ceilDiv(tiles, splits) + START);
      if (time < least) {
        best = splits;
        least = time;
      }
    }
    return best;
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

  /**
   * What the ranges leave for the merge: for each query head the largest score, the sum of weights and the number of ranges in 16 bytes, and the weighted sum of
   * values.
   */
  long workspaceBytes(Attention o) {
    return splits == 1 ? 0 : tokens * o.q().size(1) * splits * (o.y().size(2) * Float.BYTES + COPY_BYTES);
  }
}
