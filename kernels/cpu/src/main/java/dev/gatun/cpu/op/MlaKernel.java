package dev.gatun.cpu.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Latent attention in two forms. Absorbed: every head's query is taken through W_uk, then all heads go over each tile of latent rows together, as one group whose values are
 * its keys' first elements, and the sums through W_uv. Expanded: a unit is a head and a block of tokens, and makes that head's keys and values of a tile before its
 * tokens see it. The form with fewer operations at the bounds is taken.
 */
public final class MlaKernel implements OperatorKernel<MlaAttention> {
  /** Shorter ranges than attention's: there is no other head that a worker could take. */
  private static final int LEAST_RANGE = 128;
  /** Query rows that a unit of the absorbed form holds the sums of, where there are many tokens. */
  private static final int MOST_ROWS = 64;
  /** Tokens that share the keys and values made of a tile: more need more memory for their sums than a core's cache has. */
  private static final int EXPANDED_BLOCK = 256;

  private final Function<DType, Optional<TileAttention>> tiles;
  private final Function<DType, Optional<WeightProducts>> products;

  /**
   * A kernel.
   *
   * @param tiles what goes over a tile of keys and values of a type instead of Java, if there is such a thing
   * @param products what multiplies rows by a weight of a type without making it F32 first, likewise
   */
  public MlaKernel(Function<DType, Optional<TileAttention>> tiles, Function<DType, Optional<WeightProducts>> products) {
    this.tiles = tiles;
    this.products = products;
  }

  /** One form of an operator: what its attention goes over and how that is cut. */
  private record Form(boolean expanded, AttentionShape shape, AttentionKernel.Cut cut, Optional<TileAttention> tile, long flops) {
    /** Floats between the steps of the absorbed form: queries of latent rows, and sums of them. */
    long between() {
      return expanded ? 0 : queries() + sums();
    }

    long queries() {
      return Scratch.align(4L * shape.tokens() * shape.queryHeads() * shape.keySize());
    }

    long sums() {
      return Scratch.align(4L * shape.tokens() * shape.queryHeads() * shape.valueSize());
    }
  }

  private static Attention.Options options(MlaAttention operator) {
    return new Attention.Options(operator.scale(), operator.causal(), 0, 0);
  }

  private Form absorbed(MlaAttention operator, Lanes lanes, int workers) {
    MlaAttention.Up up = operator.up();
    KvCache.Spec spec = operator.latents().cache().spec();
    AttentionShape shape = new AttentionShape(operator.qNope().size(0), up.heads(), 1, spec.keySize(), up.rank(), DType.F32, spec.dtype(), DType.F32,
        AttentionShape.context(spec), true, 0);
    Optional<TileAttention> tile = AttentionKernel.tiles(tiles, lanes, shape, options(operator));
    AttentionKernel.Cut cut = AttentionKernel.Cut.of(shape, tile, workers, LEAST_RANGE);
    int block = Math.clamp(cut.block(), 1, Math.max(1, MOST_ROWS / up.heads()));
    long rows = shape.tokens() * up.heads();
    return new Form(false, shape, new AttentionKernel.Cut(block, cut.range(), cut.ranges()), tile,
        2 * rows * up.rank() * (up.nope() + up.valueSize()) + 2 * rows * shape.context() * (spec.keySize() + up.rank()));
  }

  private Form expanded(MlaAttention operator, Lanes lanes) {
    MlaAttention.Up up = operator.up();
    KvCache.Spec spec = operator.latents().cache().spec();
    int keySize = (int) (up.nope() + operator.qRope().size(2));
    AttentionShape shape = new AttentionShape(operator.qNope().size(0), up.heads(), up.heads(), keySize, up.valueSize(), operator.qNope().dtype(), spec.dtype(),
        operator.y().dtype(), AttentionShape.context(spec), false, LatentExpansion.bytes(operator, spec.dtype()));
    int block = Math.clamp(shape.tokens(), 1, EXPANDED_BLOCK);
    long sequences = Math.clamp(operator.batch().slots().size(0), 1, Math.max(1, shape.tokens()));
    long times = sequences * Math.ceilDiv(Math.ceilDiv(shape.tokens(), sequences), block);
    return new Form(true, shape, new AttentionKernel.Cut(block, 1 << 30, 1), AttentionKernel.tiles(tiles, lanes, shape, options(operator)),
        2 * shape.tokens() * up.heads() * shape.context() * (keySize + up.valueSize())
            + 2 * times * up.heads() * shape.context() * up.rank() * (up.nope() + up.valueSize()));
  }

  private Form form(MlaAttention operator, Lanes lanes, int workers) {
    Form absorbed = absorbed(operator, lanes, workers);
    Form expanded = expanded(operator, lanes);
    return expanded.flops() < absorbed.flops() ? expanded : absorbed;
  }

  @Override
  public Decision plan(MlaAttention operator, Lanes lanes, int workers) {
    KvCache.Spec spec = operator.latents().cache().spec();
    return KvAppendKernel.refusal(spec).or(() -> Plans.refusal(operator)).orElseGet(() -> {
      Form form = form(operator, lanes, workers);
      // The latent rows are read once for all heads.
      long bytes = CpuPlan.bytes(operator) + Math.min(operator.batch().slots().size(0), operator.qNope().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
      Form other = form.expanded() ? absorbed(operator, lanes, workers) : expanded(operator, lanes);
      String kernel = "mla_attention_" + (form.expanded() ? "expanded_" : "absorbed_") + operator.qNope().dtype().label() + "_" + spec.dtype().label() + "_"
          + AttentionKernel.form(form.tile(), lanes);
      String rejected = (other.expanded() ? "expanded: " : "absorbed: ") + other.flops() + " operations at the bounds, where this form has " + form.flops();
      return new CpuPlan(kernel, form.cut().tile(), form.between() + scratch(operator, form, workers), bytes, form.flops(), List.of(rejected));
    });
  }

  private long scratch(MlaAttention operator, Form form, int workers) {
    long attention = AttentionUnits.workspace(form.shape(), form.cut(), form.tile(), workers);
    if (form.expanded()) {
      return attention;
    }
    return Math.max(attention, Math.max(Scratch.bytes(workers, down(operator).scratch(products(operator.up().keys()))),
        Scratch.bytes(workers, up(operator).scratch(products(operator.up().values())))));
  }

  private Optional<WeightProducts> products(Tensor w) {
    return products.apply(w.dtype());
  }

  private static HeadProducts.Sizes down(MlaAttention operator) {
    MlaAttention.Up up = operator.up();
    return new HeadProducts.Sizes((int) operator.qNope().size(0), up.nope(), up.rank(), up.rows() == MlaAttention.Up.Rows.LATENT, operator.qNope().dtype(),
        up.keys().dtype(), DType.F32);
  }

  private static HeadProducts.Sizes up(MlaAttention operator) {
    MlaAttention.Up up = operator.up();
    return new HeadProducts.Sizes((int) operator.qNope().size(0), up.rank(), up.valueSize(), false, DType.F32, up.values().dtype(), operator.y().dtype());
  }

  @Override
  public List<Step> bind(MlaAttention operator, Lanes lanes, Binding binding) {
    Form form = form(operator, lanes, binding.workers());
    RowMath math = binding.math();
    Rows rows = Rows.of(binding, operator.y(), operator.qNope(), operator.qRope(), operator.batch().positions());
    Sequences sequences = new Sequences(binding, operator.batch());
    KvRows latents = KvRows.of(operator.latents(), sequences, binding);
    View q = binding.view(operator.qNope());
    View tail = binding.view(operator.qRope());
    View y = binding.view(operator.y());
    if (form.expanded()) {
      AttentionInputs in = new AttentionInputs(rows, sequences, latents, q, Optional.of(tail), y, Optional.empty(), options(operator));
      return new AttentionUnits(form.shape(), in, form.cut(), math, form.tile(),
          Optional.of(new LatentExpansion(operator, form.shape().kept(), math, binding)), binding, 0).steps();
    }
    View queries = between(binding, form, 0, form.shape().keySize());
    View sums = between(binding, form, form.queries(), form.shape().valueSize());
    HeadProducts.Sizes down = down(operator);
    HeadProducts.Sizes up = up(operator);
    Optional<WeightProducts> keys = products(operator.up().keys());
    Optional<WeightProducts> values = products(operator.up().values());
    AttentionInputs in = new AttentionInputs(rows, sequences, latents, queries, Optional.empty(), sums, Optional.empty(), options(operator));
    List<Step> steps = new ArrayList<>();
    steps.add(new HeadProducts(down, rows, q, binding.view(operator.up().keys()), queries, Optional.of(tail), math, keys,
        Scratch.of(binding, form.between(), down.scratch(keys))));
    steps.addAll(new AttentionUnits(form.shape(), in, form.cut(), math, form.tile(), Optional.empty(), binding, form.between()).steps());
    steps.add(new HeadProducts(up, rows, sums, binding.view(operator.up().values()), y, Optional.empty(), math, values,
        Scratch.of(binding, form.between(), up.scratch(values))));
    return steps;
  }

  /** Rows of floats of every head in the workspace. */
  private static View between(Binding binding, Form form, long from, int size) {
    Shape shape = Shape.of(form.shape().tokens(), form.shape().queryHeads(), size);
    Tensor tensor = Tensor.of(new Storage.Nowhere(4 * shape.elements()), 0, DType.F32, shape);
    return new View(tensor, binding.workspace().memory(), binding.workspace().base() + from, null, 0);
  }
}
