package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;

/**
 * attention. Few tokens, or as many sequences as tokens: a block a token, whose context is cut into ranges that a second kernel merges.
 * Others: a block a tile of a sequence's tokens, on tensor cores where keys are of 16 bits or fewer; sequences that bring one token are decoded
 * beside it.
 */
final class AttentionKernel implements OperatorKernel<Attention> {
  private static final int ANY_VALUES = 512;

  @Override
  public Decision plan(Attention o, Gpu gpu) {
    if (o.kv() instanceof Kv.Paged paged && CacheGeometry.refusal(paged.cache().spec()).isPresent()) {
      return CacheGeometry.refusal(paged.cache().spec()).get();
    }
    return Plans.refusal(o).orElseGet(() -> {
      AttentionCut cut = AttentionCut.of(o, gpu);
      return new CudaPlan(cut.kernel(o), cut.tile(), cut.workspaceBytes(o), bytes(o), flops(o), cut.rejected());
    });
  }

  /** What must move at the bounds: every operand once, and the keys and values of as many sequences as there can be. */
  private static long bytes(Attention o) {
    long bytes = CudaPlan.bytes(o);
    if (o.kv() instanceof Kv.Paged paged) {
      KvCache.Spec spec = paged.cache().spec();
      bytes += Math.min(o.batch().slots().size(0), o.q().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
    }
    return bytes;
  }

  /** 2 (D + Dv) for every query head and key that a token sees, at the bounds. */
  private static long flops(Attention o) {
    return 2 * pairs(o) * o.q().size(1) * (o.q().size(2) + o.y().size(2));
  }

  /** The most keys that all tokens see together: causal tokens of one sequence see one more each, up to all. */
  private static long pairs(Attention o) {
    long tokens = o.q().size(0);
    long keys = AttentionCut.seen(o);
    long growing = o.options().causal() && o.options().window() == 0 ? Math.min(tokens, keys) : 0;
    boolean oneSequence = o.batch().slots().size(0) == 1;
    return tokens * keys - (oneSequence && growing > 0 ? growing * (growing - 1) / 2 : 0);
  }

  @Override
  public void bind(Attention o, CudaPlan plan, Binding binding) {
    AttentionCut cut = AttentionCut.of(o, binding.gpu());
    switch (cut.form()) {
      case ANY -> {
        long units = o.q().size(0) * o.q().size(1) * Math.max(1, Math.ceilDiv(o.y().size(2), ANY_VALUES));
        launch(o, plan.kernel(), cut, false, binding).grid(Plans.blocks(units, binding.gpu()));
      }
      case DECODE -> { }
      case TILES, TENSOR_TILES, WARPGROUP_TILES -> tiles(o, cut, false, binding);
    }
    cut.decoding().ifPresent(decoding -> decode(o, cut, decoding, binding));
  }

  private static void decode(Attention o, AttentionCut cut, DecodeAttention decoding, Binding binding) {
    launch(o, decoding.kernel(), cut, false, binding).shared(decoding.shared()).grid(decoding.blocks(o));
    if (decoding.merges()) {
      launch(o, DecodeAttention.MERGE, cut, false, binding).grid(decoding.merges(o));
    }
  }

  /**
   * By tiles, of which every sequence, and what lies past all of them, may begin one that is not full.
   *
   * @param rounded whether queries and weights may be rounded to the keys' type where they would be split in two parts else
   */
  static void tiles(Attention o, AttentionCut cut, boolean rounded, Binding binding) {
    String kernel = cut.kernel(o);
    if (cut.form() == AttentionCut.Form.WARPGROUP_TILES) {
      WarpgroupAttention.launch(launch(o, kernel, cut, rounded, binding), o, kernel, binding);
      return;
    }
    Kernel tile = binding.gpu().manifest().kernel(kernel);
    int rows = tile.tile("rows");
    int group = AttentionCut.group(o);
    int heads = Math.min(group, rows);
    long tiles = o.q().size(0) == 0 ? 0 : Math.ceilDiv(o.q().size(0), rows / heads) + o.batch().slots().size(0) + 1;
    int shared = tile.tile("shared");
    if (cut.form() == AttentionCut.Form.TENSOR_TILES && !rounded && isSplit(o)) {
      shared += tile.tile("split");
    }
    launch(o, kernel, cut, rounded, binding).shared(shared).grid(tiles, (long) AttentionCut.heads(o) * Math.ceilDiv(group, heads), 1);
  }

  /** Whether queries have more bits than what tensor cores multiply here, so that there are two parts of them. */
  private static boolean isSplit(Attention o) {
    boolean wide = AttentionCut.kept(o) == DType.BF16 || AttentionCut.kept(o) == DType.Q8_0;
    return o.q().dtype() != DType.BF16 && (wide || o.q().dtype() != DType.F16);
  }

  /** A launch with all parameters but the grid. */
  private static LaunchBuilder launch(Attention o, String kernel, AttentionCut cut, boolean rounded, Binding binding) {
    RowShape rows = RowShape.of(binding, o.q(), o.y(), o.batch().positions());
    LaunchBuilder launch = binding.launch(kernel);
    rows.pass(launch, "q", o.q(), binding);
    rows.pass(launch, "y", o.y(), binding);
    CacheGeometry.pass(launch, o.batch(), binding);
    pass(launch, o.kv(), binding);
    Attention.Options options = o.options();
    int splits = cut.decoding().map(DecodeAttention::splits).orElse(1);
    return launch.pointer("sinks", binding.address(o.sinks())).pointer("partials", splits > 1 ? binding.workspace() : 0)
        .set("heads", AttentionCut.heads(o))
        .set("group", AttentionCut.group(o)).set("key_size", Math.toIntExact(o.q().size(2)))
        .set("value_size", Math.toIntExact(o.y().size(2))).set("causal", options.causal() ? 1 : 0).set("window", options.window())
        .set("splits", splits)
        .set("singles", cut.decodesSingles() ? 1 : 0).set("rounded", rounded ? 1 : 0).set("scale", options.scale()).set("softcap", options.softcap()).set("max_bias", options.maxBias())
        .set("kept", AttentionCut.kept(o));
  }

  private static void pass(LaunchBuilder launch, Kv kv, Binding binding) {
    switch (kv) {
      case Kv.Dense dense -> {
        long unit = dense.k().dtype().blockBytes();
        CacheGeometry.passNone(launch);
        launch.pointer("key_starts", binding.address(dense.starts())).pointer("key_count", binding.count(dense.k()))
            .pointer("value_count", binding.count(dense.v())).pointer("k", binding.address(dense.k()))
            .pointer("v", binding.address(dense.v()))
            .set("page_bytes", 0L).set("key_head", dense.k().stride(1) * unit).set("value_head", dense.v().stride(1) * unit)
            .set("key_row", dense.k().stride(0) * unit).set("value_row", dense.v().stride(0) * unit)
            .set("key_rows", Math.toIntExact(dense.k().size(0)));
      }
      case Kv.Paged paged -> {
        CachePages pages = binding.cache(paged.cache());
        KvCache.Spec spec = pages.spec();
        CacheGeometry.pass(launch, pages);
        launch.pointer("key_starts", 0).pointer("key_count", 0).pointer("value_count", 0).pointer("k", pages.layer(paged.layer()))
            .pointer("v", pages.layer(paged.layer()) + spec.pageTokens() * pages.keyBytes())
            .set("page_bytes", spec.heads() * pages.headBytes()).set("key_head", pages.headBytes()).set("value_head", pages.headBytes())
            .set("key_row", pages.keyBytes()).set("value_row", pages.valueBytes())
            .set("key_rows", 0);
      }
    }
  }
}
