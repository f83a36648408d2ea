package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Latent attention, expanded: the keys {@code [W_uk c | r]} and values {@code W_uv c} of all latent rows of the step's sequences are made for as many heads at a time as
 * scratch memory has room for, and attended over as plain tensors whose rows begin where the device finds that they do.
 *
 * @param plain the attention over the keys and values of the first heads
 * @param cut how that is cut
 * @param scratch what its tensors that are not the operator's lie in
 * @param most rows of all sequences at most
 * @param each heads at a time
 */
record ExpandedMla(MlaAttention o, Gpu gpu, Attention plain, AttentionCut cut, Storage scratch, long most, int each) implements MlaForm {
  private static final String BEGIN = "mla_begin_256";
  private static final int WARPS_OF_BEGIN = 8;
  /** Keys and values that are made at a time: much beside what runs at once, little beside a device's memory. */
  private static final long ROOM = 256L << 20;
  private static final long MOST_ROWS = Integer.MAX_VALUE / 2;
  private static final int ALIGNMENT = 256;
  /** What copies of rows begin at multiples of. */
  private static final int COPY_BYTES = 16;
  private static final int GROUP = 8;

  /** For an operator, with the reasons against other kernels of this form, or against all of it, added; empty where it is not done. */
  static Optional<ExpandedMla> of(MlaAttention o, Gpu gpu, List<String> rejected) {
    long tokens = o.qNope().size(0);
    long sequences = Math.min(o.batch().slots().size(0), tokens);
    // One position past the end of a slot may be seen to have no page.
    long most = sequences * (o.latents().cache().spec().slotTokens() + 1L);
    if (most == 0) {
      return Optional.empty();
    }
    DType made = made(o, gpu);
    long head = most * (rowBytes(made, keySize(o)) + rowBytes(made, o.up().valueSize()));
    int heads = o.up().heads();
    if (most > MOST_ROWS || head > ROOM) {
      rejected.add("expanded: keys and values of one head at the bounds are " + head + " bytes, more than the " + ROOM + " that are made at a time");
      return Optional.empty();
    }
    int each = Math.ceilDiv(heads, Math.ceilDiv(heads, (int) Math.min(heads, ROOM / head)));
    Storage scratch = new Storage.Nowhere(Layout.of(o, made, most, each).end());
    Attention plain = attention(o, made, scratch, most, 0, each, each);
    AttentionCut cut = AttentionCut.ofTiles(plain, gpu, rejected);
    if (cut.form() == AttentionCut.Form.ANY) {
      rejected.add("expanded: no tiles take keys of " + keySize(o) + " elements and values of " + o.up().valueSize());
      return Optional.empty();
    }
    return Optional.of(new ExpandedMla(o, gpu, plain, cut, scratch, most, each));
  }

  /** What keys and values are made as: what tensor cores multiply instead of the cache's type, or F32 where they do not. */
  private static DType made(MlaAttention o, Gpu gpu) {
    DType kept = o.latents().cache().spec().dtype();
    return kept == DType.F32 || !gpu.tensorCores() ? DType.F32 : kept == DType.BF16 || kept == DType.Q8_0 ? DType.BF16 : DType.F16;
  }

  private static int keySize(MlaAttention o) {
    return o.up().nope() + Math.toIntExact(o.qRope().size(2));
  }

  private static long rowBytes(DType made, int size) {
    return Math.ceilDiv((long) size * made.blockBytes(), COPY_BYTES) * COPY_BYTES;
  }

  /** Where in scratch memory is what: where rows begin, queries whose parts lie apart, keys, values. */
  private record Layout(long queries, long keys, long values, long end) {
    static Layout of(MlaAttention o, DType made, long most, int each) {
      long queries = align((o.batch().slots().size(0) + 1) * Integer.BYTES);
      long keys = queries + (together(o) ? 0 : align(o.qNope().dtype().bytes(o.qNope().size(0) * o.up().heads() * keySize(o))));
      long values = keys + align(most * each * rowBytes(made, keySize(o)));
      return new Layout(queries, keys, values, values + align(most * each * rowBytes(made, o.up().valueSize())));
    }

    private static long align(long bytes) {
      return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }
  }

  /** Whether each query's parts follow one another, so that they are one row. */
  private static boolean together(MlaAttention o) {
    Tensor nope = o.qNope();
    Tensor rope = o.qRope();
    return nope.storage() == rope.storage() && Arrays.equals(nope.strides(), rope.strides()) && nope.offset() + nope.dtype().bytes(nope.size(2)) == rope.offset();
  }

  private static Tensor queries(MlaAttention o, Storage scratch, long at) {
    Tensor nope = o.qNope();
    Shape shape = Shape.of(nope.size(0), nope.size(1), keySize(o));
    Tensor all = together(o) ? Tensor.of(nope.storage(), nope.offset(), nope.dtype(), shape, nope.strides()) : Tensor.of(scratch, at, nope.dtype(), shape);
    return nope.count().map(all::withCount).orElse(all);
  }

  /** Over the keys and values of heads {@code from} to {@code to}, which lie where those of {@code each} have room. */
  private static Attention attention(MlaAttention o, DType made, Storage scratch, long most, int from, int to, int each) {
    Layout layout = Layout.of(o, made, most, each);
    Tensor k = rows(scratch, layout.keys(), made, most, to - from, keySize(o));
    Tensor v = rows(scratch, layout.values(), made, most, to - from, o.up().valueSize());
    Tensor starts = Tensor.of(scratch, 0, DType.I32, Shape.of(o.batch().slots().size(0) + 1));
    return new Attention(queries(o, scratch, layout.queries()).slice(1, from, to), new Kv.Dense(k, v, starts), o.batch(),
        new Attention.Options(o.scale(), o.causal(), 0, 0), Optional.empty(), o.y().slice(1, from, to));
  }

  private static Tensor rows(Storage scratch, long at, DType made, long most, int heads, int size) {
    long stride = rowBytes(made, size) / made.blockBytes();
    return Tensor.of(scratch, at, made, Shape.of(most, heads, size), heads * stride, stride, 1);
  }

  private DType made() {
    return AttentionCut.kept(plain);
  }

  private Kernel expanding() {
    return gpu.manifest().kernel("mla_expand_" + made().label());
  }

  @Override
  public String name() {
    return "expanded";
  }

  @Override
  public String kernel() {
    return cut.kernel(plain);
  }

  @Override
  public String tile() {
    int heads = o.up().heads();
    return "expanded: keys and values of " + (each == heads ? "all" : each + " of " + heads) + " heads at a time by " + expanding().name() + ", then " + cut.tile();
  }

  @Override
  public long workspaceBytes() {
    return scratch.bytes();
  }

  /** Of making keys and values of every position that a slot has, and of every token over all of them. */
  @Override
  public long flops() {
    return 2 * (making() + pairs(keySize(o) + o.up().valueSize()));
  }

  private long making() {
    MlaAttention.Up up = o.up();
    return most * up.heads() * up.rank() * (up.nope() + up.valueSize());
  }

  private long pairs(int sizes) {
    return o.qNope().size(0) * o.up().heads() * o.latents().cache().spec().slotTokens() * sizes;
  }

  @Override
  public long clocks() {
    MlaAttention.Up up = o.up();
    int heads = up.heads();
    Kernel expanding = expanding();
    int bytes = made().blockBytes();
    long weights = CudaPlan.bytes(up.keys()) + CudaPlan.bytes(up.values());
    long tiles = Math.ceilDiv(most, expanding.tile("rows"));
    long brought = most * heads * columnTiles() * up.rank() * bytes + tiles * weights + most * heads * (keySize(o) + up.valueSize()) * bytes;
    int rows = gpu.manifest().kernel(kernel()).tile("rows");
    long seen = Math.ceilDiv(o.qNope().size(0), rows) * heads * o.latents().cache().spec().slotTokens() * (keySize(o) + up.valueSize()) * bytes;
    TileRates plainRates = TileRates.float32(gpu.computeCapability());
    TileRates warps = TileRates.warps(gpu.computeCapability());
    return (made() == DType.F32 ? plainRates : warps).clocks(making(), brought) + switch (cut.form()) {
      case WARPGROUP_TILES -> TileRates.WARPGROUPS.clocks(pairs(WarpgroupAttention.columns(cut)), seen);
      case TENSOR_TILES -> warps.clocks(pairs(keySize(o) + up.valueSize()), seen);
      default -> plainRates.clocks(pairs(keySize(o) + up.valueSize()), seen);
    };
  }

  private long columnTiles() {
    return Math.ceilDiv(Math.ceilDiv(o.up().nope(), GROUP) * GROUP + o.up().valueSize(), expanding().tile("columns"));
  }

  @Override
  public void bind(Binding binding) {
    Binding placed = binding.placing(scratch, binding.workspace());
    begin(placed);
    for (int from = 0; from < o.up().heads(); from += each) {
      Attention attention = attention(o, made(), scratch, most, from, Math.min(from + each, o.up().heads()), each);
      expand(attention, from, placed);
      AttentionKernel.tiles(attention, cut, true, placed);
    }
  }

  private void begin(Binding binding) {
    RowShape shape = RowShape.of(binding, o.qNope(), o.qRope(), o.y(), o.batch().positions());
    LaunchBuilder launch = binding.launch(BEGIN);
    shape.pass(launch, "nope", o.qNope(), binding);
    shape.pass(launch, "rope", o.qRope(), binding);
    boolean joins = !together(o);
    if (joins) {
      shape.pass(launch, "joined", queries(o, scratch, Layout.of(o, made(), most, each).queries()), binding);
    } else {
      RowShape.passNone(launch, "joined");
    }
    launch.pointer("starts", binding.address(o.batch().starts())).pointer("positions", binding.address(o.batch().positions()))
        .pointer("sequence_count", binding.count(o.batch().slots())).pointer("key_starts", binding.workspace())
        .set("sequences", Math.toIntExact(o.batch().slots().size(0))).set("slot_tokens", o.latents().cache().spec().slotTokens())
        .set("most", Math.toIntExact(most)).set("heads", o.up().heads()).set("nope_size", o.up().nope()).set("rope_size", Math.toIntExact(o.qRope().size(2)))
        .grid(joins ? Plans.blocks(Math.ceilDiv(shape.rows(), WARPS_OF_BEGIN), binding.gpu()) : 1);
  }

  private void expand(Attention attention, int first, Binding binding) {
    MlaAttention.Up up = o.up();
    CachePages pages = binding.cache(o.latents().cache());
    KvCache.Spec spec = pages.spec();
    Kernel kernel = expanding();
    Kv.Dense made = (Kv.Dense) attention.kv();
    LaunchBuilder launch = binding.launch(kernel.name());
    CacheGeometry.pass(launch, pages).pointer("starts", binding.workspace()).pointer("slots", binding.address(o.batch().slots()))
        .pointer("sequence_count", binding.count(o.batch().slots())).set("sequences", Math.toIntExact(o.batch().slots().size(0)))
        .pointer("latents", pages.layer(o.latents().layer())).set("page_bytes", pages.headBytes()).set("latent_row", pages.keyBytes())
        .pointer("w_uk", binding.address(up.keys())).set("uk_head", RowShape.bytes(up.keys(), 0)).set("uk_row", RowShape.bytes(up.keys(), 1)).set("uk_type", up.keys().dtype())
        .pointer("w_uv", binding.address(up.values())).set("uv_head", RowShape.bytes(up.values(), 0)).set("uv_row", RowShape.bytes(up.values(), 1))
        .set("uv_type", up.values().dtype())
        .pointer("k", binding.address(made.k())).set("k_row", RowShape.bytes(made.k(), 0)).set("k_head", RowShape.bytes(made.k(), 1))
        .pointer("v", binding.address(made.v())).set("v_row", RowShape.bytes(made.v(), 0)).set("v_head", RowShape.bytes(made.v(), 1))
        .set("first", first).set("rank", up.rank()).set("nope", up.nope()).set("rope", Math.toIntExact(o.qRope().size(2))).set("value_size", up.valueSize())
        .set("across", up.rows() == MlaAttention.Up.Rows.LATENT ? 1 : 0).set("kept", spec.dtype())
        .shared(kernel.tile("shared")).grid(Math.ceilDiv(most, kernel.tile("rows")), made.k().size(1), columnTiles());
  }
}
