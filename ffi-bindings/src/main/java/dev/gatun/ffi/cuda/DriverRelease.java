package dev.gatun.ffi.cuda;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which driver release first served which CUDA version (CUDA Toolkit release notes, table of toolkit and minimum driver versions). */
final class DriverRelease {
  private static final TreeMap<Integer, Integer> FIRST = new TreeMap<>(Map.ofEntries(
      Map.entry(11080, 520), Map.entry(12000, 525), Map.entry(12010, 530), Map.entry(12020, 535), Map.entry(12030, 545), Map.entry(12040, 550),
      Map.entry(12050, 555), Map.entry(12060, 560), Map.entry(12080, 570), Map.entry(12090, 575), Map.entry(13000, 580), Map.entry(13010, 590)));

  private DriverRelease() {}

  static String cudaText(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  static String tooOld(String what, int needed, int found, String library, Optional<String> release) {
    Map.Entry<Integer, Integer> first = FIRST.floorEntry(needed);
    return what + " needs a driver for CUDA " + cudaText(needed)
        + (first == null ? "" : " (R" + first.getValue() + " or newer)")
        + "; found one for CUDA " + cudaText(found) + release.map(r -> " (" + r + ")").orElse("") + " in " + library + ". Install a newer NVIDIA driver.";
  }
}
