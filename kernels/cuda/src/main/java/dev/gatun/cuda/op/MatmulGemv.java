package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.RmsNorm;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;

/**
 * How {@code gemv_TYPE_ROWS} does a case: the warps of a block that share two rows of the weight, how much of K is in shared memory at a time,
 * the blocks.
 *
 * @param kernel the instance
 * @param split warps of a team, which take turns along K
 * @param room pieces of K in shared memory at a time, a multiple of 32
 * @param shared bytes of shared memory
 * @param blocks blocks along N
 * @param tiles blocks along M
 */
record MatmulGemv(Kernel kernel, int split, int room, int shared, long blocks, long tiles) implements FusedKernel {
  private static final int WARP = 32;
  private static final int WARPS = 8;
  private static final int BLOCKS = 8;
  /** Warps of a multiprocessor from which on its loads hide the latency of memory. */
  private static final int BUSY = 24;
  /** Shared memory that leaves room for four blocks of a multiprocessor; for many rows of x, whose image is large, for two. */
  private static final int FEW_BYTES = 48 * 1024;
  private static final int MANY_BYTES = 96 * 1024;
  private static final int MANY_ROWS = 4;

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
    Kernel kernel = gpu.manifest().kernel(name);
    int rows = kernel.tile("rows");
    int team = kernel.tile("team");
    long pieces = Math.ceilDiv(o.w().size(1) * kernel.tile("pieces"), kernel.tile("span"));
    long tiles = Math.ceilDiv(o.x().size(0), rows);
    int split = 1;
    long teams = Math.ceilDiv(n, team) * tiles;
    while (split < WARPS && teams * split < (long) BUSY * gpu.multiprocessors() && pieces >= 2L * WARP * split) {
      split *= 2;
    }
    int budget = Math.min(gpu.sharedBytes(), rows < MANY_ROWS ? FEW_BYTES : MANY_BYTES) - kernel.tile("scratch");
    int pieceBytes = rows * kernel.tile("elements") * Float.BYTES;
    long most = budget / (WARP * pieceBytes) * WARP;
    long parts = Math.max(1, Math.ceilDiv(pieces, most));
    int room = (int) Math.max(WARP, Math.ceilDiv(Math.ceilDiv(pieces, parts), WARP) * WARP);
    long groups = Math.ceilDiv(n, (long) team * (WARPS / split));
    long turns = Math.max(1, Math.ceilDiv(groups, (long) BLOCKS * gpu.multiprocessors()));
    return new MatmulGemv(kernel, split, room, kernel.tile("scratch") + room * pieceBytes, Math.ceilDiv(groups, turns), tiles);
  }

  @Override
  public String tile() {
    int rows = kernel.tile("rows");
    return rows + (rows == 1 ? " row" : " rows") + " of x, " + kernel.tile("team") + " of w by " + split + (split == 1 ? " warp" : " warps");
  }

  void launch(Matmul o, Binding binding) {
    launch(FusedMatmuls.alone(o), binding);
  }

  @Override
  public void launch(FusedMatmuls fused, Binding binding) {
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
        .set("k", Math.toIntExact(first.w().size(1))).set("unit", fused.unit()).set("split", split).set("room", room).shared(shared).grid(blocks, tiles, 1);
  }
}
