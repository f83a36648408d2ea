package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.ffi.cuda.TensorMap;
import java.util.Optional;

/**
 * Attention of many tokens by warpgroup products ({@code attention_warpgroup}): the copy engine brings keys and values of F16 and BF16, out of
 * pages or plain tensors. A block a multiprocessor stays for its share of the tiles.
 */
final class WarpgroupAttention {
  /** What the copy engine needs addresses and strides to be multiples of. */
  private static final int UNIT = 16;

  /** Columns of a copy: what 128 bytes hold. */
  private static final int COLUMNS = 64;

  /** Positions of the smallest copy: the rows within which chunks change places. */
  private static final int LEAST_BOX = 8;

  private WarpgroupAttention() {}

  /** Why these kernels do not do a case with heads of at most {@code size}; empty if they do. */
  static Optional<String> refusal(Attention o, int size, Gpu gpu) {
    return reason(o, size, gpu).map(reason -> "attention_warpgroup: " + reason);
  }

  private static Optional<String> reason(Attention o, int size, Gpu gpu) {
    DType kept = AttentionCut.kept(o);
    if (kept != DType.F16 && kept != DType.BF16) {
      return Optional.of("takes keys of F16 and BF16; " + kept + " needs decoding on the way");
    }
    if (!gpu.warpgroups()) {
      return Optional.of("compute capability " + gpu.computeCapability() + " has no warpgroup products, or these images none (sm_90a)");
    }
    Kernel kernel = gpu.manifest().kernel(kernel(o, size));
    if (kernel.tile("shared") > gpu.sharedBytes()) {
      return Optional.of("needs " + kernel.tile("shared") + " of the " + gpu.sharedBytes() + " bytes of shared memory of a block");
    }
    if (items(o, kernel) > Integer.MAX_VALUE) {
      return Optional.of("more than 2^31 tiles");
    }
    return switch (o.kv()) {
      case Kv.Dense dense -> uncopied("k", dense.k()).or(() -> uncopied("v", dense.v()))
          .or(() -> headsInner(dense.k()) == headsInner(dense.v()) ? Optional.empty() : Optional.of("rows of k follow heads, those of v do not"));
      case Kv.Paged paged -> uncopied(paged.cache().spec());
    };
  }

  private static Optional<String> uncopied(KvCache.Spec spec) {
    if (spec.keySize() * DType.F16.blockBytes() % UNIT != 0 || spec.valueSize() * DType.F16.blockBytes() % UNIT != 0) {
      return Optional.of("keys of " + spec.keySize() + " and values of " + spec.valueSize() + " are no multiples of " + UNIT + " bytes");
    }
    return spec.pageTokens() % LEAST_BOX == 0 ? Optional.empty()
        : Optional.of("pages of " + spec.pageTokens() + " positions are no multiples of the " + LEAST_BOX + " that a copy brings at least");
  }

  private static Optional<String> uncopied(String name, Tensor tensor) {
    long row = bytes(tensor, 0);
    long head = bytes(tensor, 1);
    if (tensor.size(0) == 0 || tensor.size(2) == 0) {
      return Optional.of("there is nothing of " + name + " to copy");
    }
    boolean overlapping = Math.min(row, head) < tensor.size(2) * tensor.dtype().blockBytes();
    if (tensor.offset() % UNIT != 0 || row % UNIT != 0 || head % UNIT != 0 || overlapping) {
      return Optional.of(name + " is copied in pieces of " + UNIT + " bytes, but begins at byte " + tensor.offset() + ", a row every " + row
          + " bytes and a head every " + head);
    }
    return Optional.empty();
  }

  private static long bytes(Tensor tensor, int dimension) {
    return tensor.stride(dimension) * tensor.dtype().blockBytes();
  }

  /** The kernel for heads of at most {@code size}. */
  static String kernel(Attention o, int size) {
    String type = AttentionCut.kept(o) == DType.F16 ? "f16_" : "bf16_";
    return "attention_warpgroup_" + type + (o.options().softcap() > 0 ? "capped_" : "") + size;
  }

  /** Columns of keys and values that its products are of, with those that fill up a head. */
  static int columns(AttentionCut cut) {
    return cut.size() + AttentionCut.valueSize(cut.size());
  }

  /** Tiles of tokens at most: every sequence, and what lies past all of them, may begin one that is not full. */
  private static long tiles(Attention o, Kernel kernel) {
    int heads = Math.min(AttentionCut.group(o), kernel.tile("rows"));
    return o.q().size(0) == 0 ? 0 : Math.ceilDiv(o.q().size(0), kernel.tile("rows") / heads) + o.batch().slots().size(0) + 1;
  }

  /** What blocks share: each tile once for every part of the query heads. */
  private static long items(Attention o, Kernel kernel) {
    int group = AttentionCut.group(o);
    return tiles(o, kernel) * AttentionCut.heads(o) * Math.ceilDiv(group, Math.min(group, kernel.tile("rows")));
  }

  /** Passes what these kernels take beside what all of attention do, and launches. */
  static void launch(LaunchBuilder launch, Attention o, String name, Binding binding) {
    Kernel kernel = binding.gpu().manifest().kernel(name);
    int keys = kernel.tile("keys");
    int box = switch (o.kv()) {
      case Kv.Dense _ -> keys;
      case Kv.Paged paged -> Math.min(Integer.lowestOneBit(paged.cache().spec().pageTokens()), Integer.lowestOneBit(keys));
    };
    switch (o.kv()) {
      case Kv.Dense dense -> {
        boolean headsInner = headsInner(dense.k());
        launch.tensorMap("key_map", map(o, dense.k(), headsInner, box, binding).segment())
            .tensorMap("value_map", map(o, dense.v(), headsInner, box, binding).segment()).set("heads_inner", headsInner ? 1 : 0);
      }
      case Kv.Paged paged -> {
        CachePages pages = binding.cache(paged.cache());
        KvCache.Spec spec = pages.spec();
        long first = pages.layer(paged.layer());
        long values = first + spec.pageTokens() * pages.keyBytes();
        launch.set("heads_inner", 0).tensorMap("key_map", map(o, pages, first, spec.keySize(), pages.keyBytes(), box, binding).segment())
            .tensorMap("value_map", map(o, pages, values, spec.valueSize(), pages.valueBytes(), box, binding).segment());
      }
    }
    launch.set("box", box).set("tiles", Math.toIntExact(tiles(o, kernel))).shared(kernel.tile("shared"))
        .grid(Math.min(items(o, kernel), binding.gpu().multiprocessors()));
  }

  /** Whether the heads of a row follow one another, so that they come before the rows: a map's strides ascend. */
  private static boolean headsInner(Tensor tensor) {
    return bytes(tensor, 1) < bytes(tensor, 0);
  }

  /** A head's columns, rows, heads, and one page that all of it is. */
  private static TensorMap map(Attention o, Tensor tensor, boolean headsInner, int box, Binding binding) {
    long row = bytes(tensor, 0);
    long head = bytes(tensor, 1);
    long all = Math.max(row * tensor.size(0), head * tensor.size(1));
    long first = binding.address(tensor, UNIT, "attention_warpgroup");
    long columns = tensor.size(2);
    return headsInner
        ? map(o, first, new long[] {columns, tensor.size(1), tensor.size(0), 1}, new long[] {head, row, all}, binding, 1, box)
        : map(o, first, new long[] {columns, tensor.size(0), tensor.size(1), 1}, new long[] {row, head, all}, binding, box, 1);
  }

  /** A head's columns, positions of a page, heads, pages. */
  private static TensorMap map(Attention o, CachePages pages, long address, int columns, long row, int box, Binding binding) {
    KvCache.Spec spec = pages.spec();
    return map(o, address, new long[] {columns, spec.pageTokens(), spec.heads(), spec.pages()},
        new long[] {row, pages.headBytes(), spec.heads() * pages.headBytes()}, binding, box, 1);
  }

  private static TensorMap map(Attention o, long address, long[] sizes, long[] strides, Binding binding, int first, int second) {
    TensorMap.Type type = AttentionCut.kept(o) == DType.F16 ? TensorMap.Type.FLOAT16 : TensorMap.Type.BFLOAT16;
    return binding.tensorMaps().tiled(type, address, sizes, strides, new int[] {COLUMNS, first, second, 1}, TensorMap.Swizzle.BYTES_128,
        TensorMap.L2Promotion.BYTES_256);
  }
}
