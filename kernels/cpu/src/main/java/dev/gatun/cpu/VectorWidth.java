package dev.gatun.cpu;

import jdk.incubator.vector.FloatVector;

/** The hardware's vector width as the Vector API sees it; loaded only where that module is. */
final class VectorWidth {
  private VectorWidth() {}

  static int bits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}
