import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OccupancyTest {
  /** Worked out by hand from the tables of the programming guide. */
  @ParameterizedTest
  @CsvSource({
      // 2048 threads: eight blocks of 256; 32 registers are all that so many threads may have
      "sm_80, 256, 32, 0, 8, threads",
      // 33 registers take 40 a thread: 51 warps, 48 in fours, six blocks of eight warps
      "sm_80, 256, 33, 0, 6, registers",
      // 168 registers: 12 warps of 5376, one block of eight
      "sm_90a, 256, 168, 0, 1, registers",
      // 65536 bytes and one KB of the system's own: three in 228 KB, two in 164 KB
      "sm_90a, 128, 64, 65536, 3, shared",
      "sm_80, 128, 64, 65536, 2, shared",
      // blocks of one warp: no more than 32
      "sm_90a, 32, 16, 0, 32, blocks",
      // the most shared memory a block may have
      "sm_90a, 384, 168, 232448, 1, registers",
      "sm_90a, 128, 32, 232448, 1, shared"})
  void followsTheGuide(String architecture, int threads, int registers, int shared, int blocks, String limit) {
    assertThat(Occupancy.of(architecture, threads, registers, shared)).isEqualTo(new Occupancy(blocks, limit));
  }

  @Test
  void anArchitectureWithoutRulesIsRefused() {
    assertThat(Occupancy.knows("sm_75")).isFalse();
    assertThatThrownBy(() -> Occupancy.of("sm_75", 128, 32, 0)).isInstanceOf(BuildFailure.class).hasMessageContaining("sm_75");
  }
}
