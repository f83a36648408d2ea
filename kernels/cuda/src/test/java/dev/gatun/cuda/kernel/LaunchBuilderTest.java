package dev.gatun.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchBuilderTest {
  private final Kernel kernel = ManifestTest.parsed("kernel\tcopy\tgatun_copy\tthreads=128\tparams=40", "field\tgatun_copy\tx\tptr\t0\t8",
      "field\tgatun_copy\tn\ti32\t8\t4", "field\tgatun_copy\ttype\tdtype\t12\t4", "field\tgatun_copy\tlong\ti64\t16\t8",
      "field\tgatun_copy\tscale\tf32\t24\t4", "field\tgatun_copy\twide\tf64\t32\t8").kernel("copy");
  private final List<Launch> launches = new ArrayList<>();

  private LaunchBuilder builder() {
    return new LaunchBuilder(kernel, Arena.ofAuto(), launches::add);
  }

  private LaunchBuilder filled() {
    return builder().pointer("x", 0x7000).set("n", 5).set("type", DType.F16).set("long", 6L).set("scale", 0.5f).set("wide", 0.25);
  }

  @Test
  void parametersLieWhereTheManifestSays() {
    filled().shared(64).grid(3, 2, 1);
    Launch launch = launches.getFirst();
    assertThat(List.of(launch.gridX(), launch.gridY(), launch.gridZ(), launch.sharedBytes())).containsExactly(3, 2, 1, 64);
    MemorySegment parameters = launch.parameters();
    assertThat(parameters.byteSize()).isEqualTo(40);
    assertThat(parameters.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x7000);
    assertThat(parameters.get(ValueLayout.JAVA_INT, 8)).isEqualTo(5);
    assertThat(parameters.get(ValueLayout.JAVA_INT, 12)).isEqualTo(DType.F16.ordinal());
    assertThat(parameters.get(ValueLayout.JAVA_LONG, 16)).isEqualTo(6);
    assertThat(parameters.get(ValueLayout.JAVA_FLOAT, 24)).isEqualTo(0.5f);
    assertThat(parameters.get(ValueLayout.JAVA_DOUBLE, 32)).isEqualTo(0.25);
  }

  @Test
  void aMissingParameterIsNamed() {
    LaunchBuilder builder = builder().pointer("x", 1).set("n", 5).set("type", DType.F16).set("long", 6L).set("scale", 1f);
    assertThatThrownBy(() -> builder.grid(1)).isInstanceOf(IllegalStateException.class)
        .hasMessage("kernel copy is launched without its parameters [wide]");
    assertThat(launches).isEmpty();
  }

  @Test
  void aParameterIsGivenOnce() {
    assertThatThrownBy(() -> builder().set("n", 1).set("n", 1)).isInstanceOf(IllegalStateException.class)
        .hasMessage("kernel copy: parameter n is given twice");
  }

  @Test
  void aParameterOfAnotherTypeOrNameIsRefused() {
    for (Runnable wrong : List.<Runnable>of(() -> builder().set("n", 1L), () -> builder().set("scale", 1.0),
        () -> builder().pointer("n", 1), () -> builder().set("x", 1L), () -> builder().set("n", DType.F32),
        () -> builder().set("type", 1), () -> builder().set("m", 1),
        () -> builder().rows("x", 0, 0, new long[3], 0, 0, 0, DType.F32))) {
      assertThatThrownBy(wrong::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("kernel copy has no");
    }
  }

  @Test
  void aGridWithoutBlocksLaunchesNothingAndOneTooLargeIsRefused() {
    filled().grid(0);
    filled().grid(1, 0, 1);
    filled().grid(1, 1, 0);
    assertThat(launches).isEmpty();
    filled().grid(Integer.MAX_VALUE, 65535, 65535);
    assertThat(launches).hasSize(1);
    for (Runnable wrong : List.<Runnable>of(() -> filled().grid(-1), () -> filled().grid(1L << 31), () -> filled().grid(1, 65536, 1),
        () -> filled().grid(1, 1, 65536))) {
      assertThatThrownBy(wrong::run).isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("kernel copy cannot be launched with a grid of");
    }
  }
}
