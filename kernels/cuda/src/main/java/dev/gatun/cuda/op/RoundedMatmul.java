package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.GatunException;
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
  private static final int TEAM = 16;
  private static final int ALIGNMENT = 16;
  private static final int WORKSPACE_ALIGNMENT = 256;

  private final String name;

  /** A form. @param name its kernel */
  RoundedMatmul(String name) {
    this.name = name;
  }

  /** The codes and the scales of the activations in the workspace. */
  record Codes(long address, long scales, int steps, int pitch) {
    static Codes of(Matmul o, long address) {
      int steps = Math.toIntExact(Math.ceilDiv(o.x().size(1), (long) Matmul.SCALED));
      int pitch = Math.toIntExact(Math.ceilDiv(o.x().size(0), (long) Matmul.SCALED) * Matmul.SCALED);
      long codes = o.x().size(0) * steps * Matmul.SCALED;
      return new Codes(address, address + Math.ceilDiv(codes, WORKSPACE_ALIGNMENT) * WORKSPACE_ALIGNMENT, steps, pitch);
    }

    /** Bytes of a row of codes. */
    long row() {
      return (long) steps * Matmul.SCALED;
    }

    long bytes() {
      return scales - address + (long) Float.BYTES * steps * pitch;
    }
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
    Codes codes = Codes.of(o, 0);
    CudaPlan plan = MatmulKernel.plan(o, name, kernel.tile("rows") + "x" + kernel.tile("columns") + " of activations rounded to F8_E4M3 by " + ROUND, rejected);
    return new CudaPlan(plan.kernel(), plan.tile(), codes.bytes(), plan.bytes() + 2 * codes.bytes(), plan.flops(), plan.rejected());
  }

  /** Tiles of a product. */
  final long tiles(Matmul o, Gpu gpu) {
    Kernel kernel = gpu.manifest().kernel(name);
    return Math.ceilDiv(o.x().size(0), kernel.tile("rows")) * Math.ceilDiv(o.w().size(0), kernel.tile("columns"));
  }

  @Override
  public final boolean runs(String kernel) {
    return kernel.equals(name);
  }

  @Override
  public final void bind(Matmul o, CudaPlan plan, Binding binding) {
    if (binding.address(o.w()) % ALIGNMENT != 0) {
      throw new GatunException("cuda: " + o.w() + " does not start at a multiple of " + ALIGNMENT + " bytes in memory, which its kernel " + name
          + " needs; copy it to a buffer of this backend");
    }
    Codes codes = Codes.of(o, binding.workspace());
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    LaunchBuilder round = binding.launch(ROUND);
    rows.pass(round, "x", o.x(), binding).pointer("codes", codes.address).pointer("scales", codes.scales).set("width", Math.toIntExact(o.x().size(1)))
        .set("steps", codes.steps).set("pitch", codes.pitch).grid(Plans.blocksOf(ROUND, TEAM * codes.steps * o.x().size(0), binding.gpu()));
    LaunchBuilder launch = binding.launch(name);
    rows.pass(launch, "y", o.y(), binding).pointer("x_scale", codes.scales).set("x_pitch", codes.pitch).pointer("scale", binding.address(o.scale()))
        .pointer("bias", binding.address(o.bias())).pointer("partial", 0).set("n", Math.toIntExact(o.w().size(0))).set("k", Math.toIntExact(o.w().size(1)))
        .shared(binding.gpu().manifest().kernel(name).tile("shared"));
    WeightScale.of(o).pass(launch);
    launch(launch, o, codes, binding);
  }

  /** Passes the operands in this kernel's form, and the grid. */
  abstract void launch(LaunchBuilder launch, Matmul o, Codes codes, Binding binding);
}
