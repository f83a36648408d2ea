package dev.gatun.cpu.op;

import java.lang.foreign.MemorySegment;

/** {@code y = act(gate)·up} over rows of floats, in another form than {@link RowMath}'s. */
public interface GatedUnit {
  /**
   * Writes {@code rows} rows of {@code n} elements. Row r of each starts at its offset + r times its row's bytes; y may be gate or up. An element's bits
   * depend on its own gate and up alone.
   */
  void apply(MemorySegment gate, long gateOffset, long gateRowBytes, MemorySegment up, long upOffset, long upRowBytes, MemorySegment y, long yOffset,
      long yRowBytes, int rows, int n);
}
