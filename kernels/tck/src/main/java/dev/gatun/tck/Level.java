package dev.gatun.tck;

/** How much of the suite is run; each level holds the cases of those before it. */
public enum Level {
  /** Every operator, type and flag at small sizes, and a few of a model's: a minute on the CPU backend. */
  QUICK,
  /** Sizes just under and over every tile, every special input, the shapes of several models. */
  STANDARD,
  /** All shapes of all models in all types, and the largest that fit. */
  FULL
}
