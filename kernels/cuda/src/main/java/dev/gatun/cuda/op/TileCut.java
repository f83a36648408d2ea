package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A case cut for an instance that does it by tiles, and the clocks that counting gives it: a step's products or its bytes from L2, whichever take longer, in waves
 * of a tile a multiprocessor. Writing stops the products unless another tile is under way on the same multiprocessor.
 *
 * @param kernel the instance
 * @param m the rows of x at most
 * @param n the rows of w
 * @param k the width of both
 * @param splits into how many parts K is cut, whose sums another kernel adds
 * @param gpu the device
 * @param clocks counted for all of it
 */
record TileCut(Kernel kernel, int m, int n, int k, int splits, Gpu gpu, double clocks) {
  private static final int HALF_BYTES = 2;
  private static final double PERCENT = 100;

  /** A launch within a graph, 1.3 us, at 1.75 GHz. */
  private static final double LAUNCH = 2300;

  /** The first bytes from memory until the first product. */
  private static final double LATENCY = 1500;

  /** With fewer elements of K than these a block mostly waits for its first bytes. */
  private static final int FEWEST_ELEMENTS = 256;
  private static final int MOST_SPLITS = 16;
  private static final int LINE = 128;
  private static final int ALIGNMENT = 256;
  private static final int WIDEST_GROUP = 16;

  /** An instance that a family may have, and what it is for. */
  private record Instance(String tile, String purpose) {}

  private static final List<Instance> INSTANCES = List.of(
      new Instance("_192x256", "takes the fewest bytes from L2 for a product, and does not multiply while it writes"),
      new Instance("_128x256", "takes few bytes from L2 for a product, and does not multiply while it writes"),
      new Instance("_128x128", "multiplies one tile while it writes another"),
      new Instance("_64x128", "is for few rows of x"),
      new Instance("_64x64", "is for products with few tiles"));

  /** The cuts of a family's instances, those that fit the device. */
  static List<TileCut> all(Matmul o, String family, TileRates rates, Gpu gpu) {
    return INSTANCES.stream().map(instance -> family + instance.tile()).filter(gpu.manifest()::has).map(gpu.manifest()::kernel)
        .filter(kernel -> kernel.tile("shared") <= gpu.sharedBytes()).map(kernel -> of(o, kernel, rates, gpu)).toList();
  }

  /** The one that takes the fewest clocks. */
  static TileCut best(List<TileCut> cuts) {
    return cuts.stream().min(Comparator.comparingDouble(TileCut::clocks)).orElseThrow();
  }

  /** An instance's best cut. */
  static TileCut of(Matmul o, Kernel kernel, TileRates rates, Gpu gpu) {
    int steps = Math.ceilDiv(Math.toIntExact(o.w().size(1)), kernel.tile("step"));
    TileCut best = counted(o, kernel, 1, rates, gpu);
    for (int splits = 2; splits <= MOST_SPLITS && best.tiles() < gpu.multiprocessors() && steps * kernel.tile("step") >= splits * FEWEST_ELEMENTS; splits++) {
      TileCut next = counted(o, kernel, Math.ceilDiv(steps, Math.ceilDiv(steps, splits)), rates, gpu);
      best = next.clocks() < best.clocks() ? next : best;
    }
    return best;
  }

  private static TileCut counted(Matmul o, Kernel kernel, int splits, TileRates rates, Gpu gpu) {
    TileCut cut = new TileCut(kernel, Math.toIntExact(o.x().size(0)), Math.toIntExact(o.w().size(0)), Math.toIntExact(o.w().size(1)), splits, gpu, 0);
    double elements = (double) kernel.tile("rows") * kernel.tile("columns");
    double products = elements * kernel.tile("step") * kernel.tile("parts") / rates.pairs() * PERCENT / kernel.tile("percent");
    double bytes = (double) HALF_BYTES * kernel.tile("step") * (kernel.tile("rows") * kernel.tile("parts") + kernel.tile("columns"));
    double loop = Math.ceilDiv(Math.ceilDiv(cut.k(), kernel.tile("step")), splits) * Math.max(products, bytes / rates.bytes());
    double writing = elements * (splits == 1 ? o.y().dtype().blockBytes() : Float.BYTES) / rates.bytes();
    double waves = Math.ceilDiv(cut.tiles() * splits, (long) gpu.multiprocessors());
    boolean overlaps = kernel.tile("tiles") * Math.min(kernel.tile("blocks"), gpu.sharedBytes() / kernel.tile("shared")) > 1;
    double clocks = LATENCY + (overlaps ? waves * Math.max(loop, (loop + writing) / 2) + writing : waves * (loop + writing));
    double adding = splits == 1 ? 0 : LAUNCH + (double) Float.BYTES * splits * cut.m() * cut.n() / (rates.bytes() * gpu.multiprocessors());
    return new TileCut(kernel, cut.m(), cut.n(), cut.k(), splits, gpu, clocks + adding);
  }

  private long tiles() {
    return (long) Math.ceilDiv(m, kernel.tile("rows")) * Math.ceilDiv(n, kernel.tile("columns"));
  }

  /** Tiles, times the parts of K. */
  long works() {
    return tiles() * splits;
  }

  /** How many rows of tiles are done together, so that the tiles under way read as little of x and w as can be. */
  int group() {
    long together = Math.min(tiles(), gpu.multiprocessors());
    int best = 1;
    double least = Double.MAX_VALUE;
    for (int group = 1; group <= WIDEST_GROUP; group *= 2) {
      double bytes = (double) Math.min(group, Math.ceilDiv(m, kernel.tile("rows"))) * kernel.tile("rows") * kernel.tile("parts")
          + (double) Math.ceilDiv(together, group) * kernel.tile("columns");
      if (bytes < least) {
        least = bytes;
        best = group;
      }
    }
    return best;
  }

  /** Whether x is split in two BF16 parts before. */
  boolean parted() {
    return kernel.tile("parts") == 2;
  }

  /** Bytes from one row of a part of x to the next: whole lines. */
  long partRowBytes() {
    return Math.ceilDiv((long) HALF_BYTES * k, LINE) * LINE;
  }

  /** Bytes of a part of x. */
  long partBytes() {
    return m * partRowBytes();
  }

  /** Where the sums of the splits begin in the workspace. */
  long splitsAt() {
    return parted() ? Math.ceilDiv(2 * partBytes(), ALIGNMENT) * ALIGNMENT : 0;
  }

  /** Scratch memory: the parts of x, then the sums of the splits. */
  long workspaceBytes() {
    return splitsAt() + (splits == 1 ? 0 : (long) Float.BYTES * splits * m * n);
  }

  /** The tile in words. */
  String tile() {
    return kernel.tile("rows") + "x" + kernel.tile("columns") + " by " + kernel.threads() + " threads, " + tiles() + (tiles() == 1 ? " tile" : " tiles")
        + (splits == 1 ? "" : ", K in " + splits) + (parted() ? ", x in two parts" : "");
  }

  /** Why another is better than this. */
  String against(TileCut best) {
    String purpose = INSTANCES.stream().filter(instance -> kernel.name().endsWith(instance.tile())).findFirst().orElseThrow().purpose();
    return kernel.name() + ": " + purpose + "; " + tiles() + (tiles() == 1 ? " tile" : " tiles") + (splits == 1 ? "" : " with K in " + splits) + " on "
        + gpu.multiprocessors() + " multiprocessors count " + String.format(Locale.ROOT, "%.2f", clocks / best.clocks()) + " times the clocks of the tile chosen";
  }
}
