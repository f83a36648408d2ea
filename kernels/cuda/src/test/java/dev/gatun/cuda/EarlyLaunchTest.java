package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels that start while those before them still run. */
class EarlyLaunchTest {
  @BeforeEach
  void needsTheEmulator() {
    Emulator.assumeBuilt();
  }

  private static float[] layer(Map<String, String> options) {
    BackendOptions all = BackendOptions.none();
    for (Map.Entry<String, String> option : options.entrySet()) {
      all = all.with(option.getKey(), option.getValue());
    }
    try (Backend backend = Gatun.open("cuda-emulated", all)) {
      return Scenario.run(backend);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void startingEarlyChangesNoBit(String graph) {
    float[] expected = layer(Map.of("programmatic", "off", "graph", graph));
    assertThat(layer(Map.of("programmatic", "on", "graph", graph))).isEqualTo(expected);
    assertThat(layer(Map.of("programmatic", "on", "graph", graph, "fuse", "off"))).hasSameSizeAs(expected);
  }

  /** A weight that the same program makes is read when it is made, and no sooner. */
  @Test
  void aWeightThatTheProgramWritesIsNotReadAhead() {
    try (Backend backend = Gatun.open("cuda-observed", BackendOptions.none().with("programmatic", "on")); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2, 3, 4}, 1, 4);
      Tensor source = backend.tensor(new float[] {1, 0, 0, 0, 0, 1, 0, 0}, 2, 4);
      Tensor made = backend.tensor(new float[8], 2, 4);
      Tensor y = backend.allocate(DType.F32, 1, 2);
      ObservedProvider.early();
      Program fixed = Program.builder("fixed").input(x, source).output(y).add(new Matmul(x, source, y)).build();
      Program written = Program.builder("written").input(x, source).output(made, y).add(new Copy(source, made)).add(new Matmul(x, made, y)).build();
      try (Executable first = backend.compile(fixed)) {
        assertThat(ObservedProvider.early()).containsExactly("gemv_f32_1");
        stream.submit(first);
        assertThat(stream.readFloats(y)).containsExactly(1, 2);
      }
      try (Executable second = backend.compile(written)) {
        assertThat(ObservedProvider.early()).isEmpty();
        stream.submit(second);
        assertThat(stream.readFloats(y)).containsExactly(1, 2);
      }
    }
  }
}
