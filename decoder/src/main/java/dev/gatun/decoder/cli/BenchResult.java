package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.Measured;
import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.Samples;
import dev.gatun.decoder.cli.rate.StepFacts;
import java.util.Optional;

/**
 * A test that was measured.
 *
 * @param session what it ran on
 * @param test what was timed
 * @param measured its repeats
 * @param facts what its decode steps are made of, where it has them
 * @param figures what is derived from these
 */
record BenchResult(BenchSession session, RateTest test, Measured measured, Optional<StepFacts> facts, Figures figures) {
  Samples rates() {
    return measured.nanos().perSecond(test.tokens());
  }
}
