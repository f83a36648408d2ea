package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ScaleTest {
  @Property
  void aDeviceRunsSizesAsTheyAre(@ForAll @IntRange(max = 1 << 24) int full, @ForAll @IntRange(min = 1, max = 8192) int most,
      @ForAll @IntRange(min = 1, max = 512) int tile) {
    assertThat(Scale.DEVICE.sized(full, most, tile)).isEqualTo(full);
  }

  @Property
  void anEmulatedSizeLeavesTheSameRemainder(@ForAll @IntRange(max = 1 << 24) int full, @ForAll @IntRange(min = 1, max = 8192) int most,
      @ForAll @IntRange(min = 1, max = 512) int tile) {
    int sized = Scale.EMULATED.sized(full, most, tile);
    if (full <= most) {
      assertThat(sized).isEqualTo(full);
    } else {
      assertThat(sized % tile).isEqualTo(full % tile);
      assertThat(sized).isPositive().isLessThanOrEqualTo(Math.max(most, 2 * tile - 1));
      assertThat(sized).as("the largest such").isGreaterThan(most - tile);
    }
  }
}
