package dev.gatun.decoder.cli.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RegressionTest {
  private static final int TRIALS = 2000;

  /** Rates round 100 with noise, some of them disturbed, on a machine of some speed. */
  private static Regression.Run run(Random random, int repeats, double speed, double kernel, double noise) {
    double[] rates = new double[repeats];
    double[] memory = new double[repeats];
    double[] arithmetic = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      double disturbed = random.nextInt(10) == 0 ? 0.6 : 1;
      rates[i] = 100 * speed * kernel * disturbed * Math.exp(noise * random.nextGaussian());
      memory[i] = 1e7 / speed * Math.exp(noise * random.nextGaussian());
      arithmetic[i] = 1e7 / speed * Math.exp(noise * random.nextGaussian());
    }
    return new Regression.Run(new Samples(rates), new Samples(memory), new Samples(arithmetic));
  }

  private static double share(double kernel, double speed, double noise, int repeats) {
    Random random = new Random(20260101);
    int fell = 0;
    for (int i = 0; i < TRIALS; i++) {
      fell += Regression.between(run(random, repeats, 1, 1, noise), run(random, repeats, speed, kernel, noise)).fell() ? 1 : 0;
    }
    return (double) fell / TRIALS;
  }

  @Test
  void unchangedKernelsAreNotFlagged() {
    for (double noise : new double[] {0.01, 0.05, 0.15}) {
      assertThat(share(1, 1, noise, 10)).as("noise " + noise).isLessThan(0.005);
      assertThat(share(1, 0.7, noise, 10)).as("noise " + noise + " on a slower machine").isLessThan(0.005);
      assertThat(share(1, 1.4, noise, 10)).as("noise " + noise + " on a faster machine").isLessThan(0.005);
    }
  }

  @Test
  void slowerKernelsAreFlagged() {
    assertThat(share(1 / 1.5, 1, 0.05, 20)).isGreaterThan(0.99);
    assertThat(share(1 / 1.5, 1.4, 0.05, 20)).as("on a faster machine").isGreaterThan(0.99);
    assertThat(share(1 / 1.5, 0.7, 0.05, 20)).as("on a slower machine").isGreaterThan(0.99);
    assertThat(share(1 / 1.2, 1, 0.02, 20)).isGreaterThan(0.99);
    assertThat(share(1 / 1.5, 1, 0.02, 10)).isGreaterThan(0.8);
  }

  @Test
  void smallFallsAreNotFlaggedHoweverSure() {
    assertThat(share(0.97, 1, 0.001, 20)).isZero();
    assertThat(share(0.90, 1, 0.001, 20)).isGreaterThan(0.99);
  }

  @Test
  void noiseThatHidesAFallIsTold() {
    Regression judged = Regression.between(run(new Random(1), 10, 1, 1, 0.4), run(new Random(2), 10, 1, 0.8, 0.4));
    assertThat(judged.fell()).isFalse();
    assertThat(judged.noise()).isGreaterThan(0.2);
  }

  @Test
  void changeIsThatOfTheMediansCorrectedByTheSlowerOfBothCalibrations() {
    Samples ten = new Samples(10, 10, 10);
    Regression judged = Regression.between(new Regression.Run(new Samples(100, 90, 110), ten, ten),
        new Regression.Run(new Samples(50, 40, 60), new Samples(12, 12, 12), new Samples(11, 11, 11)));
    assertThat(judged.drift()).isCloseTo(1.2, within(1e-12));
    assertThat(judged.base()).isEqualTo(100);
    assertThat(judged.now()).isCloseTo(60, within(1e-12));
    assertThat(judged.change()).isCloseTo(-0.4, within(1e-12));
    // 2 · sqrt(pi/2) · 1.4826 · sqrt((10/100)² / 3 + (10/50)² / 3) = 0.4798, and 1 - exp(-0.4798)
    assertThat(judged.noise()).isCloseTo(0.3811, within(1e-3));
  }
}
