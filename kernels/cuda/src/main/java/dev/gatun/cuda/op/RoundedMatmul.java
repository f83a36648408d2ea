package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.List;
import java.util.Optional;

/**
 * For many rows of x and a scaled weight of F8_E4M3: the activations are rounded to F8_E4M3 with a scale for each {@value Matmul#SCALED} elements of a row, then tiles are
 * multiplied on tensor cores as 8-bit floats.
 */
abstract class RoundedMatmul implements MatmulForm {
  private static final String ROUND = "quantize_rows_e4m3";
  private static final String ADDING = "add_splits";
  private static final int TEAM = 16;
  private static final int COLUMNS_PER_ADDING_THREAD = 4;
  private static final int MOST_SPLITS = 16;
  private static final int FEWEST_STEPS = 4;
  private static final int ALIGNMENT = 16;
  private static final int WORKSPACE_ALIGNMENT = 256;

  private final String name;

  /** A form. @param name its kernel */
  RoundedMatmul(String name) {
    this.name = name;
  }

  /** The codes and the scales of the activations in the workspace, and behind them the sums of parts of K, if it is cut. */
  record Codes(long address, long scales, long partial, int steps, int pitch, int splits) {
    /** Bytes of a row of codes. */
    long row() {
      return (long) steps * Matmul.SCALED;
    }
  }

  private Codes codes(Matmul o, Gpu gpu, long address) {
    int steps = Math.toIntExact(Math.ceilDiv(o.x().size(1), (long) Matmul.SCALED));
    int pitch = Math.toIntExact(Math.ceilDiv(o.x().size(0), (long) Matmul.SCALED) * Matmul.SCALED);
    long scales = address + aligned(o.x().size(0) * steps * Matmul.SCALED);
    return new Codes(address, scales, scales + aligned((long) Float.BYTES * steps * pitch), steps, pitch, splits(steps, tiles(o, gpu), gpu));
  }

  /** Parts of K, none of them empty, until every multiprocessor has one, or a part has as few steps as its beginning and end take. */
  private static int splits(int steps, long tiles, Gpu gpu) {
    long wanted = Math.clamp(gpu.multiprocessors() / tiles, 1, Math.clamp(steps / FEWEST_STEPS, 1, MOST_SPLITS));
    return Math.toIntExact(Math.ceilDiv(steps, Math.ceilDiv(steps, wanted)));
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, WORKSPACE_ALIGNMENT) * WORKSPACE_ALIGNMENT;
  }

  /** The bytes of the workspace. */
  private static long bytes(Matmul o, Codes codes) {
    return codes.partial - codes.address + (codes.splits == 1 ? 0 : Float.BYTES * codes.splits * o.y().shape().elements());
  }

  @Override
  public final Optional<String> refusal(Matmul o, Gpu gpu) {
    return reason(o, gpu).map(reason -> name + ": " + reason);
  }

  private Optional<String> reason(Matmul o, Gpu gpu) {
    if (o.scale().isEmpty() || o.w().dtype() != DType.F8_E4M3) {
      return Optional.of("rounds the activations, which only a scaled weight of F8_E4M3 allows");
    }
    if (o.w().shape().elements() == 0 || o.x().size(0) == 0) {
      return Optional.of("there is nothing to multiply");
    }
    if (o.w().offset() % ALIGNMENT != 0 || MatmulKernel.stride(o.w()) % ALIGNMENT != 0) {
      return Optional.of("copies rows that start at multiples of " + ALIGNMENT + " bytes; those of w are " + MatmulKernel.stride(o.w()) + " apart, from byte "
          + o.w().offset() + " on");
    }
    return missing(o, gpu);
  }

  /** What of the device or of the case this kernel lacks. */
  abstract Optional<String> missing(Matmul o, Gpu gpu);

  @Override
  public final CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected) {
    Kernel kernel = gpu.manifest().kernel(name);
    Codes codes = codes(o, gpu, 0);
    String tile = kernel.tile("rows") + "x" + kernel.tile("columns") + " of activations rounded to F8_E4M3 by " + ROUND
        + (codes.splits == 1 ? "" : ", K in " + codes.splits);
    return new CudaPlan(name, tile, bytes(o, codes), CudaPlan.bytes(o), MatmulKernel.flops(o), rejected);
  }

  /** Tiles of a product, times the parts of K. */
  final long works(Matmul o, Codes codes, Gpu gpu) {
    return tiles(o, gpu) * codes.splits;
  }

  private long tiles(Matmul o, Gpu gpu) {
    Kernel kernel = gpu.manifest().kernel(name);
    return Math.ceilDiv(o.x().size(0), kernel.tile("rows")) * Math.ceilDiv(o.w().size(0), kernel.tile("columns"));
  }

  @Override
  public final boolean runs(String kernel) {
    return kernel.equals(name);
  }

  @Override
  public final void bind(Matmul o, CudaPlan plan, Binding binding) {
    binding.address(o.w(), ALIGNMENT, name);
    Codes codes = codes(o, binding.gpu(), binding.workspace());
    long partial = codes.splits == 1 ? 0 : codes.partial;
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    LaunchBuilder round = binding.launch(ROUND);
    rows.pass(round, "x", o.x(), binding).pointer("codes", codes.address).pointer("scales", codes.scales).set("width", Math.toIntExact(o.x().size(1)))
        .set("steps", codes.steps).set("pitch", codes.pitch).grid(Plans.blocksOf(ROUND, TEAM * codes.steps * o.x().size(0), binding.gpu()));
    LaunchBuilder launch = binding.launch(name);
    rows.pass(launch, "y", o.y(), binding).pointer("x_scale", codes.scales).set("x_pitch", codes.pitch).pointer("scale", binding.address(o.scale()))
        .pointer("bias", binding.address(o.bias())).pointer("partial", partial).set("splits", codes.splits).set("n", Math.toIntExact(o.w().size(0))).set("k", Math.toIntExact(o.w().size(1)))
        .shared(binding.gpu().manifest().kernel(name).tile("shared"));
    WeightScale.of(o).pass(launch);
    launch(launch, o, codes, binding);
    if (codes.splits > 1) {
      LaunchBuilder adding = binding.launch(ADDING);
      rows.pass(adding, "y", o.y(), binding).pointer("partial", partial).pointer("bias", binding.address(o.bias())).set("n", Math.toIntExact(o.w().size(0)))
          .set("splits", codes.splits).grid(Plans.blocksOf(ADDING, o.x().size(0) * Math.ceilDiv(o.w().size(0), COLUMNS_PER_ADDING_THREAD), binding.gpu()));
    }
  }

  /** Passes the operands in this kernel's form, and the grid. */
  abstract void launch(LaunchBuilder launch, Matmul o, Codes codes, Binding binding);
}
