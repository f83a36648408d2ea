package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.cpu.op.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
  private static final long[] NO_CLOCK = {};

  private record Counting(int units, int chunk, AtomicIntegerArray visits, AtomicInteger running, AtomicInteger before, int expectedBefore)
      implements Step {
    @Override
    public void run(int from, int to, int worker) {
      running.incrementAndGet();
      assertThat(before.get()).as("units done when the step began").isEqualTo(expectedBefore);
      for (int unit = from; unit < to; unit++) {
        visits.incrementAndGet(unit);
      }
      running.decrementAndGet();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyUnitOfEveryStepIsDoneOnceAndInOrder(int threads) {
    SplittableRandom random = new SplittableRandom(threads);
    try (Workers workers = new Workers(threads)) {
      for (int round = 0; round < 2_000; round++) {
        AtomicInteger finished = new AtomicInteger();
        List<Counting> counting = new ArrayList<>();
        List<Step> steps = new ArrayList<>();
        int sum = 0;
        for (int i = 0; i < 5; i++) {
          int units = random.nextInt(0, 40);
          Counting step = new Counting(units, random.nextInt(1, 5), new AtomicIntegerArray(units), new AtomicInteger(), finished, sum);
          counting.add(step);
          steps.add(step);
          steps.add(new Step() {
            @Override
            public int units() {
              return 1;
            }

            @Override
            public void run(int from, int to, int worker) {
              assertThat(step.running().get()).as("units still running when the next step begins").isZero();
              finished.addAndGet(units);
            }
          });
          sum += units;
        }
        workers.run(steps.toArray(Step[]::new), NO_CLOCK);
        for (Counting step : counting) {
          for (int unit = 0; unit < step.units(); unit++) {
            assertThat(step.visits().get(unit)).isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void aStepThatThrowsEndsTheListAndLeavesTheWorkersUsable() {
    try (Workers workers = new Workers(3)) {
      AtomicInteger after = new AtomicInteger();
      Step good = step(16, after::incrementAndGet);
      Step bad = step(16, () -> {
        throw new IllegalArgumentException("no");
      });
      assertThatThrownBy(() -> workers.run(new Step[] {good, bad, good}, NO_CLOCK)).isInstanceOfSatisfying(Workers.StepFailure.class, failure -> {
        assertThat(failure.step()).isEqualTo(1);
        assertThat(failure).hasCauseInstanceOf(IllegalArgumentException.class);
      });
      assertThat(after.get()).isEqualTo(16);
      workers.run(new Step[] {good}, NO_CLOCK);
      assertThat(after.get()).isEqualTo(32);
    }
  }

  @Test
  void callersTakeTurns() throws InterruptedException {
    try (Workers workers = new Workers(2)) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger total = new AtomicInteger();
      Step[] alone = {step(1, () -> assertThat(inside.incrementAndGet()).isEqualTo(1)), step(8, total::incrementAndGet),
          step(1, inside::decrementAndGet)};
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(Thread.startVirtualThread(() -> {
          for (int n = 0; n < 200; n++) {
            workers.run(alone, NO_CLOCK);
          }
        }));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(total.get()).isEqualTo(4 * 200 * 8);
    }
  }

  private static Step step(int units, Runnable each) {
    return new Step() {
      @Override
      public int units() {
        return units;
      }

      @Override
      public void run(int from, int to, int worker) {
        for (int i = from; i < to; i++) {
          each.run();
        }
      }
    };
  }
}
