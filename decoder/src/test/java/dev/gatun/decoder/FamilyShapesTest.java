package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.tck.oracle.Errors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decoder against float64 loops, on shapes and types that no golden file has. */
class FamilyShapesTest {
  private static final int[] IDS = {1, 70, 3, 255, 299, 41, 41, 8, 120, 2, 77};

  @TempDir
  Path folder;

  static Stream<RandomModel> models() {
    List<RandomModel> list = new ArrayList<>();
    for (String family : List.of("llama", "qwen2", "qwen3")) {
      for (DType type : List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.IQ4_NL, DType.MXFP4)) {
        list.add(RandomModel.small(family, type));
      }
      list.add(new RandomModel(family, 1, 40, 56, 5, 1, 24, 300, true, DType.F32));
      list.add(new RandomModel(family, 1, 72, 36, 3, 3, 40, 301, false, DType.F32));
      list.add(new RandomModel(family, 1, 96, 160, 4, 1, 80, 300, true, DType.F16));
      list.add(new RandomModel(family, 1, 64, 224, 2, 1, 192, 307, true, DType.Q8_0));
      list.add(new RandomModel(family, 1, 128, 96, 2, 2, 256, 300, false, DType.F32));
    }
    for (DType type : List.of(DType.Q2_K, DType.Q3_K, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.IQ4_XS, DType.TQ1_0, DType.TQ2_0)) {
      list.add(new RandomModel("llama", 2, 256, 512, 4, 2, 64, 300, false, type));
    }
    return list.stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAreThoseOfPlainLoops(RandomModel shape) {
    Path file = shape.write(folder.resolve("model.gguf"));
    try (Model model = Model.open(file)) {
      double[][] expected = new PlainDecoder(model.gguf()).logits(IDS);
      hold(expected, model, "off", shape.type().isBlock() ? 1e-3 : 1e-9);
      // Kernels in C round activations to 8 bits beside weights in blocks, and rows of random weights are so short that the sum tells it.
      hold(expected, model, "auto", shape.type().isBlock() ? 4e-3 : 1e-9);
    }
  }

  private static void hold(double[][] expected, Model model, String kernelsInC, double bound) {
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("native", kernelsInC));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withChunk(7));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[][] fed = decoder.logits(sequence, Arrays.copyOf(IDS, IDS.length - 2));
      for (int t = 0; t < fed.length; t++) {
        assertThat(error(expected[t], fed[t])).as("native %s, token %d", kernelsInC, t).isLessThan(bound);
      }
      for (int t = fed.length; t < IDS.length; t++) {
        assertThat(error(expected[t], decoder.logits(sequence, IDS[t])[0])).as("native %s, single token %d", kernelsInC, t).isLessThan(bound);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void biasesOfEveryMatrixAreAdded(String fuse) {
    for (DType type : List.of(DType.F32, DType.Q8_0, DType.Q4_0)) {
      Path file = RandomModel.small("llama", type).write(folder.resolve("biased.gguf"), Set.of(), writer -> {
        for (int i = 0; i < 2; i++) {
          RandomModel.vector(writer, "blk." + i + ".attn_q.bias", 64, 0.5);
          RandomModel.vector(writer, "blk." + i + ".attn_output.bias", 64, 0.5);
          RandomModel.vector(writer, "blk." + i + ".ffn_gate.bias", 96, 0.5);
          RandomModel.vector(writer, "blk." + i + ".ffn_up.bias", 96, 0.5);
          RandomModel.vector(writer, "blk." + i + ".ffn_down.bias", 64, 0.5);
        }
      });
      try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("fuse", fuse)); Model model = Model.open(file);
          Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        double[][] expected = new PlainDecoder(model.gguf()).logits(IDS);
        float[][] fed = decoder.logits(sequence, Arrays.copyOf(IDS, IDS.length - 1));
        double bound = type.isBlock() ? 1e-3 : 1e-9;
        for (int t = 0; t < fed.length; t++) {
          assertThat(error(expected[t], fed[t])).as("%s token %d", type, t).isLessThan(bound);
        }
        assertThat(error(expected[IDS.length - 1], decoder.logits(sequence, IDS[IDS.length - 1])[0])).as("%s single token", type).isLessThan(bound);
      }
    }
  }

  private static double error(double[] expected, float[] actual) {
    double[] wide = new double[actual.length];
    Arrays.setAll(wide, i -> actual[i]);
    return Errors.between(expected, wide).nmse();
  }
}
