package dev.gatun.decoder.cli;

import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.cli.rate.RateTest;
import java.util.List;

/**
 * What some tests run on.
 *
 * @param source the model
 * @param backend what it runs on
 * @param cache how it keeps keys, values and activations
 * @param pretend whether depths are filled instead of fed
 * @param tests what is timed, at least one
 */
record BenchSetting(ModelSource source, BackendChoice backend, CacheChoice cache, boolean pretend, List<RateTest> tests) {
  private static final int LEAST_CONTEXT = 16;

  /** The longest that a sequence gets. */
  long length() {
    return Math.max(LEAST_CONTEXT, tests.stream().mapToLong(RateTest::length).max().orElseThrow());
  }

  int sequences() {
    return tests.stream().mapToInt(RateTest::sequences).max().orElseThrow();
  }

  /** An upper bound of the memory that the model takes ready to run. */
  double bytes(Model opened) {
    Dimensions d = opened.dimensions();
    return ModelFacts.of(opened.gguf()).tensorBytes()
        + 4.0 * d.layers() * d.kvHeads() * (d.keySize() + d.valueSize()) * Math.min(length(), cache.most(opened)) * sequences();
  }
}
