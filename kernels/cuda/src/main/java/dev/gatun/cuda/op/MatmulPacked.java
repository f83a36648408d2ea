package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.RmsNorm;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.List;

/**
 * How {@code packed_TYPE_BANDSxCOLUMNS} does a case: bands of a team, eighths of columns of the products.
 *
 * @param kernel the instance
 * @param parts BF16 numbers that an element of x is the sum of
 * @param split warps of a team, which take turns along K
 * @param room steps of K in shared memory at a time, a multiple of {@code split}
 * @param shared bytes of shared memory
 * @param blocks blocks along N
 * @param tiles blocks along M
 * @param slice steps of K that a block does, where blocks share it
 * @param slices blocks that share K
 * @param groups bands of all weights by teams
 */
record MatmulPacked(Kernel kernel, int parts, int split, int room, int shared, long blocks, long tiles, long slice, long slices, long groups)
    implements FusedKernel {
  private static final String SUM = "packed_sum";
  private static final int WARPS = 8;
  private static final int EIGHT = 8;

  /** Rows whose two parts fit the columns of one product. */
  private static final int SPLIT_ROWS = 4;

  /** Shared memory of a multiprocessor that each of its blocks takes beside its own. */
  private static final int BLOCK_OVERHEAD = 1024;

  /** Columns up to which every block reads all of x, and the fewest steps of K that are worth a block of their own beyond. */
  private static final int WHOLE_COLUMNS = 16;
  private static final int LEAST_SLICE = 4;

  /** Sums of a band and eight columns. */
  private static final int BAND_SUMS = 128;

  /** Groups a multiprocessor from which on those of two bands are spread evenly enough. */
  private static final int EVEN = 4;

  /** The kernels of a type. */
  static String family(DType type) {
    return "packed_" + type.label() + "_";
  }

  /** The columns of the smallest kernel that takes all rows at once, or of the largest there is. */
  private static int columns(DType type, long rows, Gpu gpu) {
    int columns = EIGHT;
    while (columns < rows && gpu.manifest().has(family(type) + "2x" + 2 * columns / EIGHT)) {
      columns *= 2;
    }
    return columns;
  }

  /** How matmuls over the same x are done together, their weights of one type and width. @param unit whether a gated unit takes the results of both */
  static MatmulPacked of(List<Matmul> matmuls, boolean unit, Gpu gpu) {
    Matmul first = matmuls.getFirst();
    DType type = first.w().dtype();
    long rows = first.x().size(0);
    int columns = columns(type, rows, gpu);
    long bands = matmuls.stream().mapToLong(o -> BandLayout.bands(o.w().size(0))).sum();
    int team = columns > EIGHT || unit || bands >= 2L * EVEN * gpu.multiprocessors() || evenness(bands, 2, gpu) >= evenness(bands, 1, gpu) ? 2 : 1;
    Kernel kernel = gpu.manifest().kernel(family(type) + team + "x" + columns / EIGHT);
    int parts = rows <= SPLIT_ROWS ? 2 : 1;
    long steps = Math.ceilDiv(first.w().size(1), (long) kernel.tile("step"));
    long groups = unit ? BandLayout.bands(first.w().size(0)) : Math.ceilDiv(bands, (long) team);
    int resident = kernel.tile("resident");
    long tiles = Math.ceilDiv(rows, (long) columns);
    long slices = columns <= WHOLE_COLUMNS ? 1
        : Math.clamp(gpu.multiprocessors() / Math.max(1, Math.ceilDiv(groups, (long) WARPS) * tiles), 1L, Math.max(1L, steps / LEAST_SLICE));
    int split = 1;
    while (split < WARPS && steps >= 2L * split * slices
        && Math.ceilDiv(groups * split, (long) WARPS) * tiles * slices < (slices > 1 ? 1L : 2L * resident) * gpu.multiprocessors()) {
      split *= 2;
    }
    long staged = columns > EIGHT ? columns : Math.max(1, Math.min(EIGHT, rows * parts));
    long stepBytes = kernel.tile("column_bytes") * staged + kernel.tile("pair_bytes") * Math.ceilDiv(staged, 2L);
    long budget = (gpu.sharedBytes() + BLOCK_OVERHEAD) / resident - BLOCK_OVERHEAD - fixed(kernel);
    while (split > 1 && budget - scratch(kernel, split) < stepBytes * split) {
      split /= 2;
    }
    long most = Math.max(1, (budget - scratch(kernel, split)) / (stepBytes * split));
    long slice = Math.ceilDiv(steps, slices);
    slices = Math.ceilDiv(steps, Math.max(1, slice));
    long turnsOfK = Math.ceilDiv(Math.ceilDiv(slice, (long) split), most);
    int room = Math.toIntExact(Math.ceilDiv(Math.ceilDiv(slice, (long) split), turnsOfK) * split);
    long teams = Math.ceilDiv(groups, (long) WARPS / split);
    long turns = Math.max(1, Math.ceilDiv(teams, (long) resident * gpu.multiprocessors()));
    return new MatmulPacked(kernel, parts, split, room, Math.toIntExact(scratch(kernel, split) + room * stepBytes), Math.ceilDiv(teams, turns),
        tiles, slice, slices, groups);
  }

  /** The sums of every slice of K. */
  @Override
  public long workspaceBytes() {
    return slices == 1 ? 0 : slices * sums() * Float.BYTES;
  }

  private long sums() {
    return tiles * groups * kernel.tile("bands") * (kernel.tile("columns") / EIGHT) * BAND_SUMS;
  }

  /** Bytes of shared memory that are not asked for at the launch: a scale for each column. */
  private static int fixed(Kernel kernel) {
    return kernel.tile("columns") * Float.BYTES;
  }

  private static int scratch(Kernel kernel, int split) {
    return split > 1 ? kernel.tile("scratch") : 0;
  }

  /** The share of the multiprocessors that have work when bands are shared out by {@code team}. */
  private static double evenness(long bands, int team, Gpu gpu) {
    long each = Math.ceilDiv(Math.ceilDiv(Math.max(1, bands), (long) team), (long) gpu.multiprocessors());
    return bands / (double) (each * team * gpu.multiprocessors());
  }

  @Override
  public String tile() {
    int rows = kernel.tile("bands") * BandLayout.BAND;
    return kernel.tile("columns") / parts + " rows of x" + (parts == 2 ? " in two parts" : "") + ", " + rows + " of w by " + split + (split == 1 ? " warp" : " warps")
        + (slices > 1 ? ", K in " + slices + " slices" : "");
  }

  @Override
  public void launch(FusedMatmuls fused, Binding binding) {
    pass(binding.launch(kernel.name()), fused, binding).shared(shared).grid(blocks, tiles, slices);
    if (slices > 1) {
      long threads = Math.ceilDiv(sums(), tiles * kernel.tile("bands"));
      pass(binding.launch(SUM), fused, binding).grid(Plans.blocksOf(SUM, threads, binding.gpu()), tiles, 1);
    }
  }

  private LaunchBuilder pass(LaunchBuilder launch, FusedMatmuls fused, Binding binding) {
    Matmul first = fused.matmuls().getFirst();
    RowShape rows = RowShape.of(binding, fused.x(), fused.y(first), first.x(), first.y());
    rows.pass(launch, "x", fused.x(), binding);
    for (int i = 0; i < FusedMatmuls.MOST; i++) {
      String index = i == 0 ? "" : String.valueOf(i);
      if (i < fused.matmuls().size()) {
        Matmul o = fused.matmuls().get(i);
        RowShape.of(binding, fused.y(o), fused.x(), first.x(), first.y()).pass(launch, "y" + index, fused.y(o), binding);
        launch.pointer("w" + index, binding.address(o.w())).pointer("bias" + index, binding.address(o.bias()))
            .set("n" + index, Math.toIntExact(o.w().size(0)));
      } else {
        RowShape.passNone(launch, "y" + index);
        launch.pointer("w" + index, 0).pointer("bias" + index, 0).set("n" + index, 0);
      }
    }
    if (fused.residual().isPresent()) {
      RowShape.of(binding, fused.residual().get(), fused.x(), first.y()).pass(launch, "residual", fused.residual().get(), binding);
    } else {
      RowShape.passNone(launch, "residual");
    }
    boolean constant = fused.matmuls().stream().allMatch(o -> binding.isConstant(o.w()));
    return launch.pointer("norm", binding.address(fused.norm().map(RmsNorm::weight))).set("epsilon", fused.norm().map(RmsNorm::eps).orElse(0f))
        .set("k", Math.toIntExact(first.w().size(1))).set("unit", fused.unit()).set("split", split).set("room", room).set("parts", parts)
        .set("constant", constant ? 1 : 0).pointer("partial", slices > 1 ? binding.workspace() : 0).set("slice", Math.toIntExact(slice))
        .set("slices", Math.toIntExact(slices)).set("team", kernel.tile("bands")).set("eighths", kernel.tile("columns") / EIGHT);
  }
}
