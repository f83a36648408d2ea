package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
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
record MatmulGemv(Kernel kernel, int split, int room, int shared, long blocks, long tiles) {
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
    Kernel kernel = gpu.manifest().kernel(name);
    int rows = kernel.tile("rows");
    int team = kernel.tile("team");
    long n = o.w().size(0);
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

  /** The tile in words. */
  String tile() {
    int rows = kernel.tile("rows");
    return rows + (rows == 1 ? " row" : " rows") + " of x, " + kernel.tile("team") + " of w by " + split + (split == 1 ? " warp" : " warps");
  }

  void launch(Matmul o, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    LaunchBuilder launch = binding.launch(kernel.name());
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    MatmulKernel.weight(launch, o, binding);
    launch.set("split", split).set("room", room).shared(shared).grid(blocks, tiles, 1);
  }
}
