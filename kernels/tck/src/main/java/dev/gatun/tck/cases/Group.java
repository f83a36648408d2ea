package dev.gatun.tck.cases;

/** Families that are examined in one process of their own. */
public enum Group {
  /** Matmul. */
  MATMUL,
  /** Attention and what keeps its keys. */
  ATTENTION,
  /** Norms, rotation and arithmetic element by element. */
  ROWS,
  /** What is done with logits. */
  LOGITS,
  /** Lookups, copies and conversions. */
  MOVES,
  /** Programs of several operators. */
  PROGRAMS,
  /** What the interface promises besides numbers. */
  CONTRACT
}
