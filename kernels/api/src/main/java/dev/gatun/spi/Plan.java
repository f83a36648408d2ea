package dev.gatun.spi;

import java.util.List;

/** What a backend would run for a case. A backend implements it with whatever else its launch needs. */
public non-sealed interface Plan extends Decision {
  /** The kernel's name; where a case takes several launches, that of the one that does the main part. A step of this name stands in the explanation. */
  String kernel();

  /** How the work is cut: tile sizes, parts, lanes. */
  String tile();

  /** Bytes of scratch memory it needs. */
  long workspaceBytes();

  /** Bytes it must move through memory, each input read once, each output written once, at the bounds of varying sizes. */
  long bytes();

  /** Floating-point operations it must do, at the bounds. */
  long flops();

  /** Other plans that were considered, each with the reason against it. */
  default List<String> rejected() {
    return List.of();
  }
}
