package dev.gatun.cuda.op;

import java.util.List;

/**
 * What a multiprocessor of a device gives products by tiles, as its makers state it: tiles are chosen by counting, which no device was at hand to check.
 *
 * @param capability the least compute capability that this is of
 * @param pairs products of 16-bit elements a clock, summed in float32
 * @param bytes from L2 a clock while all multiprocessors ask
 * @param reason where that is from
 */
record TileRates(int capability, double pairs, double bytes, String reason) {
  /** By warpgroups. */
  static final TileRates WARPGROUPS = new TileRates(90, 2048, 32, "H100: 989 TFLOP/s on 132 multiprocessors at 1.83 GHz; 5.5 TB/s from L2 in published tests");

  /** By warps (mma.sync), the newest first. */
  private static final List<TileRates> WARPS = List.of(
      new TileRates(120, 512, 32, "as 8.9: the same products a clock, L2 no slower"),
      new TileRates(100, 1024, 32, "as 8.0, warps' own products being kept for older programs"),
      new TileRates(90, 1280, 32, "about five eighths of what warpgroups reach"),
      new TileRates(89, 512, 32, "RTX 4090: 330 TFLOP/s on 128 multiprocessors at 2.52 GHz with sums in F16, half of it with sums in F32"),
      new TileRates(86, 512, 32, "RTX A6000: 155 TFLOP/s on 84 multiprocessors at 1.8 GHz"),
      new TileRates(80, 1024, 47, "A100: 312 TFLOP/s on 108 multiprocessors at 1.41 GHz; 5120 bytes a clock from L2"));

  private static final int SINCE_TWICE = 86;
  private static final double FLOAT32_PAIRS = 128;

  /** Of float32 arithmetic without tensor cores. */
  static TileRates float32(int computeCapability) {
    return new TileRates(computeCapability, computeCapability < SINCE_TWICE ? FLOAT32_PAIRS / 2 : FLOAT32_PAIRS, warps(computeCapability).bytes(),
        "128 lanes of float32 a multiprocessor since 8.6, 64 before");
  }

  /** Clocks of one multiprocessor for products and bytes from L2 at these rates, whichever takes longer. */
  long clocks(long products, long fromL2) {
    return (long) Math.max(products / pairs, fromL2 / bytes);
  }

  /** Of a device's warps. */
  static TileRates warps(int computeCapability) {
    return WARPS.stream().filter(rates -> computeCapability >= rates.capability()).findFirst().orElse(WARPS.getLast());
  }
}
