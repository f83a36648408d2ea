package dev.gatun.cpu.library;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The instructions that a set of C kernels uses, the least first. */
public enum NativeLevel {
  /** AVX2 with FMA and F16C. */
  AVX2(2),
  /** AVX-512 F, BW, DQ and VL, with VNNI. */
  AVX512(3);

  private final int number;

  NativeLevel(int number) {
    this.number = number;
  }

  /** The library's number of it. */
  int number() {
    return number;
  }

  /** How options and kernels' names write it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The level that is written so. */
  public static Optional<NativeLevel> of(String label) {
    return Arrays.stream(values()).filter(level -> level.label().equals(label)).findFirst();
  }

  /** The best level not above a number of the library's; empty if all are. */
  static Optional<NativeLevel> atMost(int number) {
    return Arrays.stream(values()).filter(level -> level.number <= number).reduce((a, b) -> b);
  }
}
