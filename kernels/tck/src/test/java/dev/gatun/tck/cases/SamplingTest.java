package dev.gatun.tck.cases;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplingTest {
  @Property
  void rowsAscendWithinTheTensorAndHoldItsEdges(@ForAll long seed, @ForAll @IntRange(max = 100_000) int n,
      @ForAll @IntRange(min = 1, max = 200) int most) {
    int[] rows = Sampling.rows(seed, n, most);
    assertThat(rows).isSorted().doesNotHaveDuplicates();
    if (n <= most) {
      assertThat(rows).containsExactly(IntStream.range(0, n).toArray());
    } else {
      assertThat(rows).contains(0, n - 1);
      assertThat(IntStream.of(rows)).allMatch(row -> row >= 0 && row < n);
      assertThat(rows.length).isBetween(most, most + 14);
    }
  }

  @Test
  void bothSidesOfTheLastWholeTileAreAsked() {
    assertThat(Sampling.rows(1, 1000, 24)).contains(0, 1, 998, 999, 991, 992, 959, 960, 895, 896, 767, 768);
  }

  @Test
  void anotherSeedAsksOthers() {
    assertThat(Sampling.rows(1, 10_000, 40)).isEqualTo(Sampling.rows(1, 10_000, 40)).isNotEqualTo(Sampling.rows(2, 10_000, 40));
  }
}
