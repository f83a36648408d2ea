package dev.gatun.tck;

/** How large the largest sizes of a {@link Suite} are. */
public enum Scale {
  /** As models have them. */
  DEVICE,
  /** Scaled down, with the remainder that each leaves at its tile: for a device that is emulated. */
  EMULATED;

  /**
   * A size as it is run: {@code full} itself on a device or where it is not above {@code most}; else the largest size up to {@code most} that leaves the same
   * remainder at {@code tile}, or {@code tile} plus that remainder where there is none.
   */
  public int sized(int full, int most, int tile) {
    if (this == DEVICE || full <= most) {
      return full;
    }
    int rest = full % tile;
    int whole = (most - rest) / tile;
    return Math.max(1, whole) * tile + rest;
  }
}
