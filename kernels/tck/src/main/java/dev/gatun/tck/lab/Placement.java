package dev.gatun.tck.lab;

/** How a tensor lies in its memory, in elements, or in blocks of a block type. */
public enum Placement {
  /** From an aligned start, without gaps. */
  PACKED(0, 0),
  /** Without gaps, from a start that no vector is aligned to. */
  SHIFTED(3, 0),
  /** A slice of a wider tensor: a gap after every row, from an odd start. */
  STRIDED(5, 7);

  private final int shift;
  private final int gap;

  Placement(int shift, int gap) {
    this.shift = shift;
    this.gap = gap;
  }

  int shift() {
    return shift;
  }

  int gap() {
    return gap;
  }
}
