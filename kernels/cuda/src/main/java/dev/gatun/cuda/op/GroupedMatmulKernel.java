package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

/**
 * grouped_matmul. For few choices a kernel that streams the weights of a choice's expert ({@code grouped_gemv}), a row of the grid to a choice. For many,
 * {@code grouped_sort} sorts them by expert and lists tiles of each expert's, over which a kernel that works on tiles goes ({@code grouped_gemm}), on tensor cores
 * where precision and device allow. With gates the products go to the workspace, and {@code grouped_sum} adds them up.
 */
final class GroupedMatmulKernel implements OperatorKernel<GroupedMatmul> {
  private static final String STREAMING = "grouped_gemv_";
  private static final String TILES = "grouped_gemm_";
  private static final String SIMT = TILES + "simt_128x64";
  private static final String SORT = "grouped_sort";
  private static final String SUM = "grouped_sum";
  private static final int COLUMNS_OF_SUM = 256;
  private static final int MOST_BLOCKS_Y = 65535;

  /** Numbers before the list of tiles, and of each. */
  private static final int ENTRY = 4;

  private static final int ALIGNMENT = 256;

  /** A number each in shared memory. */
  private static final int MOST_EXPERTS = 8192;

  /** With a tile for each 64 of them and one more for each expert, fewer than the 65535 rows that a grid has. */
  private static final long MOST_CHOICES = 1 << 21;

  @Override
  public Decision plan(GroupedMatmul o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> {
      if (o.w().size(0) > MOST_EXPERTS) {
        return new Unsupported(o.w().size(0) + " experts are more than the " + MOST_EXPERTS + " that choices are sorted by");
      }
      if (choices(o) > MOST_CHOICES) {
        return new Unsupported(choices(o) + " choices are more than the " + MOST_CHOICES + " that a launch has rows of its grid for; split the tokens");
      }
      return planned(o, gpu);
    });
  }

  private static CudaPlan planned(GroupedMatmul o, Gpu gpu) {
    long choices = choices(o);
    String gemv = STREAMING + o.w().dtype().label();
    String gemm = tiles(o, gpu);
    boolean streams = choices <= o.w().size(0) || o.chosen().size(0) == 1 && choices <= MOST_BLOCKS_Y;
    Kernel kernel = gpu.manifest().kernel(streams ? gemv : gemm);
    String rejected = streams ? gemm + ": most of a tile's rows would be empty with " + choices + " rows for " + o.w().size(0) + " experts"
        : gemv + ": would read and decode an expert's weight anew for each of its rows, of which there are " + choices + " for " + o.w().size(0) + " experts";
    String tile = streams ? MatmulGemv.of(kernel, o.w().size(1), o.w().size(2), choices, gpu).tile()
        : kernel.tile("rows") + "x" + kernel.tile("columns") + " a block of " + kernel.threads() + " threads, at most " + mostTiles(o, kernel) + " tiles of an expert's rows";
    long products = o.gates().isPresent() ? Float.BYTES * choices * o.w().size(1) : 0;
    long sums = o.gates().isPresent() ? 2 * choices * o.w().size(1) : 0;
    return new CudaPlan(kernel.name(), tile, (streams ? 0 : productsAt(o, kernel)) + products, bytes(o), 2 * choices * o.w().size(1) * o.w().size(2) + sums,
        List.of(rejected));
  }

  private static long choices(GroupedMatmul o) {
    return o.chosen().shape().elements();
  }

  /** The kernel that works on tiles. */
  private static String tiles(GroupedMatmul o, Gpu gpu) {
    DType w = o.w().dtype();
    if (!gpu.tensorCores() || w == DType.F32) {
      return SIMT;
    }
    String own = TILES + (w == DType.F16 && o.x().dtype() == DType.F16 ? "half" : w.label()) + "_64x64";
    return gpu.manifest().has(own) ? own : TILES + (w.isBlock() ? "any" : "f8") + "_64x64";
  }

  /** However choices fall to experts: whole tiles, and the last of each expert. */
  private static long mostTiles(GroupedMatmul o, Kernel kernel) {
    return choices(o) / kernel.tile("rows") + o.mostExperts();
  }

  private static long orderAt(GroupedMatmul o, Kernel kernel) {
    return Integer.BYTES * ENTRY * (1 + mostTiles(o, kernel));
  }

  private static long productsAt(GroupedMatmul o, Kernel kernel) {
    return Math.ceilDiv(orderAt(o, kernel) + Integer.BYTES * choices(o), ALIGNMENT) * ALIGNMENT;
  }

  /** Of the weights those of as many experts as can be chosen; every other operand once. */
  private static long bytes(GroupedMatmul o) {
    long all = CudaPlan.bytes(o) - CudaPlan.bytes(o.w()) - o.bias().map(CudaPlan::bytes).orElse(0L);
    long expert = o.w().dtype().bytes(o.w().size(1) * o.w().size(2)) + (o.bias().isPresent() ? Float.BYTES * o.w().size(1) : 0);
    return all + o.mostExperts() * expert;
  }

  @Override
  public void bind(GroupedMatmul o, CudaPlan plan, Binding binding) {
    Kernel kernel = binding.gpu().manifest().kernel(plan.kernel());
    boolean streams = plan.kernel().startsWith(STREAMING);
    long products = binding.workspace() + (streams ? 0 : productsAt(o, kernel));
    int n = Math.toIntExact(o.w().size(1));
    if (!streams) {
      sort(o, kernel, products, binding);
    }
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows(o, o.x(), binding).pass(launch, "x", o.x(), binding);
    y(launch, o, products, binding);
    rows(o, o.chosen(), binding).pass(launch, "chosen", o.chosen(), binding);
    launch.pointer("w", binding.address(o.w())).set("w_expert", RowShape.bytes(o.w(), 0)).set("w_stride", RowShape.bytes(o.w(), 1))
        .pointer("bias", binding.address(o.bias())).set("bias_expert", o.bias().map(bias -> bias.stride(0)).orElse(0L))
        .set("experts", Math.toIntExact(o.w().size(0))).set("each", each(o)).set("sharing", o.sharesActivations() ? each(o) : 1).set("n", n)
        .set("k", Math.toIntExact(o.w().size(2)));
    if (streams) {
      MatmulGemv.of(kernel, n, o.w().size(2), choices(o), binding.gpu()).launch(launch);
    } else {
      launch.pointer("list", binding.workspace()).pointer("order", binding.workspace() + orderAt(o, kernel)).set("w_dtype", o.w().dtype())
          .shared(kernel.tile("shared")).grid(Math.ceilDiv(n, kernel.tile("columns")), choices(o) == 0 ? 0 : mostTiles(o, kernel), 1);
    }
    if (o.gates().isPresent()) {
      LaunchBuilder sum = binding.launch(SUM);
      rows(o, o.gates().get(), binding).pass(sum, "gates", o.gates().get(), binding);
      rows(o, o.y(), binding).pass(sum, "y", o.y(), binding);
      sum.pointer("products", products).set("each", each(o)).set("n", n)
          .grid(Math.ceilDiv(n, COLUMNS_OF_SUM), Math.min(MOST_BLOCKS_Y, o.y().size(0)), 1);
    }
  }

  private static void sort(GroupedMatmul o, Kernel kernel, long products, Binding binding) {
    LaunchBuilder launch = binding.launch(SORT);
    rows(o, o.chosen(), binding).pass(launch, "chosen", o.chosen(), binding);
    y(launch, o, products, binding);
    launch.pointer("list", binding.workspace()).pointer("order", binding.workspace() + orderAt(o, kernel)).set("experts", Math.toIntExact(o.w().size(0)))
        .set("each", each(o)).set("tile_rows", kernel.tile("rows")).set("n", Math.toIntExact(o.w().size(1)))
        .shared(Math.toIntExact(Integer.BYTES * o.w().size(0))).grid(choices(o) == 0 ? 0 : 1);
  }

  private static int each(GroupedMatmul o) {
    return Math.toIntExact(o.chosen().size(1));
  }

  /** An operand's rows, with the count of whichever has one. */
  private static RowShape rows(GroupedMatmul o, Tensor tensor, Binding binding) {
    return o.gates().isPresent() ? RowShape.of(binding, tensor, o.x(), o.chosen(), o.gates().get(), o.y()) : RowShape.of(binding, tensor, o.x(), o.chosen(), o.y());
  }

  /** A row for each choice: y's, or of products that are still to be added up. */
  private static void y(LaunchBuilder launch, GroupedMatmul o, long products, Binding binding) {
    if (o.gates().isEmpty()) {
      rows(o, o.y(), binding).pass(launch, "y", o.y(), binding);
      return;
    }
    long row = Float.BYTES * o.w().size(1);
    launch.rows("y", products, rows(o, o.y(), binding).count(), new long[] {each(o) * row, row, 0}, Math.toIntExact(o.y().size(0)), each(o), 1, DType.F32);
  }
}
