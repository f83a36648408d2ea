package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.RmsNorm;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;

/**
 * How {@code gemv_TYPE_ROWS} does a case: the warps of a block that share two rows of the weight, how much of K is in shared memory at a time, how many steps are on
 * their way, the blocks.
 *
 * @param kernel the instance
 * @param split warps of a team, which take turns along K
 * @param room pieces of K in shared memory at a time, a multiple of 32
 * @param stages steps of a ring in shared memory, all but one of them on their way; 0 where a step is loaded to registers
 * @param shared bytes of shared memory
 * @param resident blocks that are on a multiprocessor at a time
 * @param blocks blocks along N, which take turns along the rows of the weight
 * @param tiles blocks along M
 */
record MatmulGemv(Kernel kernel, int split, int room, int stages, int shared, int resident, long blocks, long tiles)
    implements FusedKernel {
  private static final int WARP = 32;
  private static final int WARPS = 8;
  /** What a block takes of shared memory beside what it asks for: the driver's own, and fixed arrays. */
  private static final int BESIDE = 2048;
  private static final int DRIVERS_OWN = 1024;
  private static final int MOST_STAGES = 8;
  private static final int FEWEST_STAGES = 2;
  /** With as many stages two blocks have 48 KB under way. */
  private static final int ENOUGH_STAGES = 4;
  /** A larger split costs barriers, so it has to fill the device better by this much. */
  private static final double WORTH_A_SPLIT = 0.97;

  /** The instance that reads a weight once for {@code rows} rows of x, or as many of them as the largest can. */
  static String kernel(DType type, long rows, Gpu gpu) {
    String best = "";
    for (int m = 1; m <= WARPS; m *= 2) {
      String name = "gemv_" + type.label() + "_" + m;
      if (gpu.manifest().has(name)) {
        best = name;
        if (m >= rows) {
          break;
        }
      }
    }
    return best;
  }

  static MatmulGemv of(Matmul o, String name, Gpu gpu) {
    return of(o, o.w().size(0), name, gpu);
  }

  /** As {@link #of(Matmul, String, Gpu)}, for weights of {@code n} rows together that are of the type and width of that of {@code o}. */
  static MatmulGemv of(Matmul o, long n, String name, Gpu gpu) {
    return of(gpu.manifest().kernel(name), n, o.w().size(1), o.x().size(0), gpu);
  }

  /** As {@link #of(Matmul, String, Gpu)}, for {@code n} rows of {@code k} weights and so many rows of x. */
  static MatmulGemv of(Kernel kernel, long n, long k, long rows, Gpu gpu) {
    long pieces = Math.ceilDiv(k * kernel.tile("pieces"), kernel.tile("span"));
    long tiles = Math.ceilDiv(rows, kernel.tile("rows"));
    int pieceBytes = kernel.tile("rows") * kernel.tile("elements") * Float.BYTES;
    int whole = Math.clamp(Math.ceilDiv(pieces, WARP) * WARP, WARP, Integer.MAX_VALUE / 2 / pieceBytes);
    for (int resident = kernel.tile("resident"); resident > 0; resident--) {
      int budget = budget(kernel, resident, gpu) - whole * pieceBytes;
      int stages = stages(kernel, budget);
      if (budget >= 0 && stages >= (kernel.tile("stage") == 0 ? 0 : resident > 1 ? ENOUGH_STAGES : FEWEST_STAGES)) {
        return of(kernel, split(kernel, n, pieces, tiles, resident, WARPS, gpu), whole, stages, resident, n, tiles, gpu);
      }
    }
    int budget = budget(kernel, 1, gpu);
    int stages = stages(kernel, budget / 2);
    int most = (budget - stages * kernel.tile("stage")) / pieceBytes;
    int step = WARP * kernel.tile("ahead");
    int split = split(kernel, n, pieces, tiles, 1, Math.max(1, most / step), gpu);
    return of(kernel, split, most / (step * split) * step * split, stages, 1, n, tiles, gpu);
  }

  private static MatmulGemv of(Kernel kernel, int split, int room, int stages, int resident, long n, long tiles, Gpu gpu) {
    int shared = kernel.tile("scratch") + room * kernel.tile("rows") * kernel.tile("elements") * Float.BYTES + stages * kernel.tile("stage");
    long groups = Math.ceilDiv(n, (long) kernel.tile("team") * (WARPS / split));
    return new MatmulGemv(kernel, split, room, stages, shared, resident, Math.min(groups, Math.max(1, resident * gpu.multiprocessors() / Math.max(1, tiles))), tiles);
  }

  /** Shared memory of each of {@code resident} blocks for the image of x and a ring. */
  private static int budget(Kernel kernel, int resident, Gpu gpu) {
    return (gpu.sharedBytes() + DRIVERS_OWN) / resident - BESIDE - kernel.tile("scratch");
  }

  /** The stages of a ring in {@code bytes}; 0 where there is no room for any, or none is wanted. */
  private static int stages(Kernel kernel, int bytes) {
    int stage = kernel.tile("stage");
    int stages = stage == 0 ? 0 : MOST_STAGES;
    while (stages > 0 && stages * stage > bytes) {
      stages = stages == FEWEST_STAGES ? 0 : stages / 2;
    }
    return stages;
  }

  /**
   * The split, of at most {@code most} warps, that keeps the device fullest: blocks are dealt to multiprocessors in turn, and the one with the most groups of rows is
   * the last to end.
   */
  private static int split(Kernel kernel, long n, long pieces, long tiles, int resident, int most, Gpu gpu) {
    int best = 1;
    for (int split = 2; split <= Math.min(WARPS, most) && pieces >= (long) WARP * split; split *= 2) {
      if (filled(kernel, n, tiles, resident, best, gpu) < WORTH_A_SPLIT * filled(kernel, n, tiles, resident, split, gpu)) {
        best = split;
      }
    }
    return best;
  }

  private static double filled(Kernel kernel, long n, long tiles, int resident, int split, Gpu gpu) {
    long teams = Math.ceilDiv(n, kernel.tile("team")) * tiles;
    int together = WARPS / split;
    long groups = Math.ceilDiv(teams, together);
    double even = (double) teams / (Math.ceilDiv(groups, gpu.multiprocessors()) * gpu.multiprocessors() * together);
    return even * Math.min(1.0, (double) groups / ((long) resident * gpu.multiprocessors()));
  }

  @Override
  public String tile() {
    int rows = kernel.tile("rows");
    return rows + (rows == 1 ? " row" : " rows") + " of x, " + kernel.tile("team") + " of w by " + split + (split == 1 ? " warp" : " warps");
  }

  void launch(Matmul o, Binding binding) {
    launch(FusedMatmuls.alone(o), binding);
  }

  /** Passes how the work is cut to a kernel that has got everything else, and ends the launch. */
  void launch(LaunchBuilder launch) {
    launch.set("split", split).set("room", room).set("stages", stages).shared(shared).grid(blocks, tiles, 1);
  }

  @Override
  public void launch(FusedMatmuls fused, Binding binding) {
    launch(fused, 0, binding);
  }

  /** As {@link #launch(FusedMatmuls, Binding)}; each block leaves the first of its columns of every row of y, as argmax orders them, at {@code firsts} unless that is 0. */
  void launch(FusedMatmuls fused, long firsts, Binding binding) {
    Matmul first = fused.matmuls().getFirst();
    RowShape rows = RowShape.of(binding, fused.x(), fused.y(first), first.x(), first.y());
    LaunchBuilder launch = binding.launch(kernel.name());
    rows.pass(launch, "x", fused.x(), binding);
    WeightScale.of(first).pass(launch);
    for (int i = 0; i < FusedMatmuls.MOST; i++) {
      String index = i == 0 ? "" : String.valueOf(i);
      if (i < fused.matmuls().size()) {
        Matmul o = fused.matmuls().get(i);
        RowShape.of(binding, fused.y(o), fused.x(), first.x(), first.y()).pass(launch, "y" + index, fused.y(o), binding);
        launch.pointer("w" + index, binding.address(o.w())).set("w_stride" + index, MatmulKernel.stride(o.w()))
            .pointer("bias" + index, binding.address(o.bias())).pointer("scale" + index, binding.address(o.scale())).set("n" + index, Math.toIntExact(o.w().size(0)));
      } else {
        RowShape.passNone(launch, "y" + index);
        launch.pointer("w" + index, 0).set("w_stride" + index, 0L).pointer("bias" + index, 0).pointer("scale" + index, 0).set("n" + index, 0);
      }
    }
    if (fused.residual().isPresent()) {
      RowShape.of(binding, fused.residual().get(), fused.x(), first.y()).pass(launch, "residual", fused.residual().get(), binding);
    } else {
      RowShape.passNone(launch, "residual");
    }
    launch.pointer("norm", binding.address(fused.norm().map(RmsNorm::weight))).set("epsilon", fused.norm().map(RmsNorm::eps).orElse(0f))
        .set("k", Math.toIntExact(first.w().size(1))).set("unit", fused.unit()).set("split", split).set("room", room).set("stages", stages).set("early", isEarly(fused, binding) ? 1 : 0)
        .pointer("firsts", firsts).shared(shared).grid(blocks, tiles, 1);
  }

  /** Whether what is read before the kernels that come first are done is written by none of them. */
  private static boolean isEarly(FusedMatmuls fused, Binding binding) {
    return fused.matmuls().stream().allMatch(o -> binding.isConstant(o.w())) && fused.norm().map(RmsNorm::weight).stream().allMatch(binding::isConstant);
  }
}
