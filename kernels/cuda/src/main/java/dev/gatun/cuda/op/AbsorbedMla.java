package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.List;

/**
 * Latent attention, absorbed: every head's query through W_uk, attention of all heads over the latent rows, the sums through W_uv. On tensor cores a block brings a row in
 * once for its query rows, heads times tokens of a sequence; few tokens' positions are cut into ranges that another kernel merges.
 *
 * @param kernel what attends
 * @param tensor whether it does so on tensor cores
 * @param splits ranges of a token's positions at most
 * @param tiles tiles of tokens at most
 * @param parts of the heads
 */
record AbsorbedMla(MlaAttention o, Gpu gpu, String kernel, boolean tensor, int splits, long tiles, int parts) implements MlaForm {
  private static final String MERGE = "mla_merge_128";
  private static final String ANY = "attention_any_128";
  private static final int ANY_VALUES = 512;
  private static final int ROWS_OF_PRODUCT = 64;
  private static final int COLUMNS_OF_PRODUCT = 256;
  private static final int TOKENS_OF_PRODUCT = 4;
  private static final int FEW_HEADS = 16;
  private static final int MOST_SPLITS = 64;
  /** Blocks of a multiprocessor that registers leave room for, and what each has of fixed size beside its dynamic shared memory. */
  private static final int MOST_RESIDENT = 2;
  private static final int FIXED_SHARED = 3072;
  private static final int ALIGNMENT = 256;
  /** The largest score, the sum of weights, and how many ranges there are. */
  private static final int STATE = 4;

  /** For an operator, with the reasons against other kernels of this form added. */
  static AbsorbedMla of(MlaAttention o, Gpu gpu, List<String> rejected) {
    KvCache.Spec spec = o.latents().cache().spec();
    int heads = o.up().heads();
    boolean halves = spec.dtype() == DType.BF16 || spec.dtype() == DType.Q8_0;
    Kernel kernel = gpu.manifest().kernel("mla_attention_" + (halves ? "bf16_" : "f16_") + (heads <= FEW_HEADS && o.qNope().size(0) <= FEW_HEADS ? "1" : "4"));
    if (spec.dtype() == DType.F32) {
      rejected.add("tensor cores: they would round F32 rows");
    } else if (!gpu.tensorCores()) {
      rejected.add("tensor cores: the device has none that take F16 and BF16");
    } else if (spec.keySize() > kernel.tile("latent") || o.up().rank() > kernel.tile("values")) {
      rejected.add("tensor cores: rows of more than " + kernel.tile("latent") + " elements, or more than " + kernel.tile("values") + " of them for values");
    } else if (kernel.tile("shared") > gpu.sharedBytes()) {
      rejected.add("tensor cores: " + kernel.tile("shared") + " bytes of shared memory, of which a block here has " + gpu.sharedBytes());
    } else {
      int share = Math.min(heads, kernel.tile("rows"));
      int parts = Math.ceilDiv(heads, share);
      long tokens = o.qNope().size(0);
      long tiles = tokens == 0 ? 0 : Math.ceilDiv(tokens, kernel.tile("rows") / share) + o.batch().slots().size(0) + 1;
      long busy = Math.max(1, Math.min(tokens, tiles) * parts);
      long most = Math.clamp(Math.ceilDiv(spec.slotTokens(), kernel.tile("keys")), 1, MOST_SPLITS);
      long places = (long) gpu.multiprocessors() * Math.clamp(gpu.sharedBytes() / (kernel.tile("shared") + FIXED_SHARED), 1, MOST_RESIDENT);
      return new AbsorbedMla(o, gpu, kernel.name(), true, (int) Math.clamp(places / busy, 1, most), tiles, parts);
    }
    return new AbsorbedMla(o, gpu, ANY, false, 1, 0, 0);
  }

  @Override
  public String name() {
    return "absorbed";
  }

  @Override
  public String tile() {
    return "absorbed: " + (tensor ? "a block a tile of heads times tokens" + (splits > 1 ? ", up to " + splits + " ranges of positions" : "") : "a block a token and query head");
  }

  @Override
  public long workspaceBytes() {
    return queryBytes() + sumBytes() + (splits == 1 ? 0 : rows() * splits * (o.up().rank() + STATE) * Float.BYTES);
  }

  /** Of the products with W_uk and W_uv, and of every head over every position that a slot has. */
  @Override
  public long flops() {
    return 2 * (between() + pairs());
  }

  @Override
  public long clocks() {
    MlaAttention.Up up = o.up();
    KvCache.Spec spec = o.latents().cache().spec();
    long weights = Math.ceilDiv(o.qNope().size(0), TOKENS_OF_PRODUCT) * (CudaPlan.bytes(up.keys()) + CudaPlan.bytes(up.values()));
    long brought = tensor ? Math.ceilDiv(o.qNope().size(0), gpu.manifest().kernel(kernel).tile("rows") / Math.ceilDiv(up.heads(), parts)) * parts : rows();
    TileRates plain = TileRates.float32(gpu.computeCapability());
    return plain.clocks(between(), weights)
        + (tensor ? TileRates.warps(gpu.computeCapability()) : plain).clocks(pairs(), brought * spec.slotTokens() * spec.bytesPerTokenAndLayer());
  }

  private long between() {
    MlaAttention.Up up = o.up();
    return rows() * up.rank() * (up.nope() + up.valueSize());
  }

  private long pairs() {
    KvCache.Spec spec = o.latents().cache().spec();
    return rows() * spec.slotTokens() * (spec.keySize() + o.up().rank());
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  private long rows() {
    return o.qNope().size(0) * o.up().heads();
  }

  private long queryBytes() {
    return align(rows() * o.latents().cache().spec().keySize() * Float.BYTES);
  }

  private long sumBytes() {
    return align(rows() * o.up().rank() * Float.BYTES);
  }

  @Override
  public void bind(Binding binding) {
    MlaAttention.Up up = o.up();
    KvCache.Spec spec = o.latents().cache().spec();
    RowShape shape = RowShape.of(binding, o.qNope(), o.qRope(), o.y(), o.batch().positions());
    Between queries = new Between(binding.workspace(), shape, up.heads(), spec.keySize());
    Between sums = new Between(binding.workspace() + queryBytes(), shape, up.heads(), up.rank());
    boolean across = up.rows() == MlaAttention.Up.Rows.LATENT;
    LaunchBuilder down = binding.launch(across ? "mla_columns_256" : "mla_rows_256");
    shape.pass(down, "x", o.qNope(), binding);
    queries.pass(down, "y");
    shape.pass(down, "tail", o.qRope(), binding);
    product(down, up.keys(), up.nope(), up.rank(), Math.toIntExact(o.qRope().size(2)), across, shape, binding);

    LaunchBuilder attend = attention(kernel, queries, sums, binding);
    if (tensor) {
      attend.shared(binding.gpu().manifest().kernel(kernel).tile("shared")).grid(tiles * splits, parts, 1);
    } else {
      attend.grid(Plans.blocks(rows() * Math.max(1, Math.ceilDiv(up.rank(), ANY_VALUES)), binding.gpu()));
    }
    if (splits > 1) {
      attention(MERGE, queries, sums, binding).grid(rows());
    }
    LaunchBuilder raise = binding.launch("mla_rows_256");
    sums.pass(raise, "x");
    shape.pass(raise, "y", o.y(), binding);
    RowShape.passNone(raise, "tail");
    product(raise, up.values(), up.rank(), up.valueSize(), 0, false, shape, binding);
  }

  /** Rows of F32 of every head in the workspace. */
  private record Between(long address, RowShape shape, int heads, int size) {
    void pass(LaunchBuilder launch, String name) {
      long row = (long) size * Float.BYTES;
      launch.rows(name, address, shape.count(), new long[] {heads * row, row, 0}, shape.bound(), heads, 1, DType.F32);
    }
  }

  private static void product(LaunchBuilder launch, Tensor w, int in, int out, int tail, boolean across, RowShape shape, Binding binding) {
    long units = (long) Math.ceilDiv(shape.bound(), TOKENS_OF_PRODUCT) * w.size(0) * Math.ceilDiv(out, across ? COLUMNS_OF_PRODUCT : ROWS_OF_PRODUCT);
    launch.pointer("w", binding.address(w)).set("w_head", RowShape.bytes(w, 0)).set("w_row", RowShape.bytes(w, 1)).set("heads", Math.toIntExact(w.size(0)))
        .set("in", in).set("out", out).set("tail_size", tail).set("w_type", w.dtype()).grid(Plans.blocks(units, binding.gpu()));
  }

  /** Attention of one key/value head whose values are its keys' first elements. */
  private LaunchBuilder attention(String attending, Between queries, Between sums, Binding binding) {
    CachePages pages = binding.cache(o.latents().cache());
    KvCache.Spec spec = pages.spec();
    LaunchBuilder launch = binding.launch(attending);
    queries.pass(launch, "q");
    sums.pass(launch, "y");
    CacheGeometry.pass(launch, o.batch(), binding);
    CacheGeometry.pass(launch, pages);
    long rows = pages.layer(o.latents().layer());
    return launch.pointer("key_starts", 0).pointer("key_count", 0).pointer("value_count", 0).pointer("k", rows).pointer("v", rows)
        .set("page_bytes", pages.headBytes()).set("key_head", 0L).set("value_head", 0L).set("key_row", pages.keyBytes()).set("value_row", pages.keyBytes())
        .set("key_rows", 0).pointer("sinks", 0).pointer("partials", splits > 1 ? binding.workspace() + queryBytes() + sumBytes() : 0)
        .set("heads", 1).set("group", o.up().heads()).set("key_size", spec.keySize()).set("value_size", o.up().rank()).set("causal", o.causal() ? 1 : 0)
        .set("window", 0).set("splits", splits).set("singles", 0).set("rounded", 0).set("scale", o.scale()).set("softcap", 0f).set("max_bias", 0f).set("kept", spec.dtype());
  }
}
