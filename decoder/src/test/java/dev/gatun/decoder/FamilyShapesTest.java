package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.decoder.family.Family;
import dev.gatun.tck.oracle.Errors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decoder against float64 loops, on shapes and types that no golden file has. */
class FamilyShapesTest {
  private static final int[] IDS = {1, 70, 3, 255, 299, 41, 41, 8, 120, 2, 77};

  /** Bounds: of float32 sums beside float64 ones, and of activations of which some have another code of 8 bits. */
  private static final double EXACT = 1e-9;
  private static final double FEW_CODES = 4e-3;

  /** Contexts up to and beyond those that models with LongRoPE were trained for. */
  private static final int NEAR = 64;
  private static final int FAR = 128;

  @TempDir
  Path folder;

  static Stream<RandomModel> models() {
    List<RandomModel> list = new ArrayList<>();
    for (String family : List.of("llama", "qwen2", "qwen3")) {
      for (DType type : List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.IQ4_NL, DType.MXFP4)) {
        list.add(RandomModel.small(family, type));
      }
    }
    List<String> names = Stream.concat(Family.SERVED.stream().map(Family::architecture), RandomModel.VARIANTS.stream()).toList();
    for (String name : names) {
      list.add(RandomModel.small(name, DType.Q4_0));
      list.add(new RandomModel(name, 5, 40, 56, 5, 1, 24, 300, true, DType.F32));
      list.add(new RandomModel(name, 2, 72, 36, 3, 3, 40, 301, false, DType.F32));
      list.add(new RandomModel(name, 1, 64, 77, 2, 2, 128, 300, true, DType.BF16));
      list.add(new RandomModel(name, 2, 64, 224, 2, 1, 192, 307, true, DType.Q8_0));
    }
    for (String name : List.of("llama", "gemma3", "phi3", "olmo2", "deepseek2+split", "qwen2moe")) {
      list.add(new RandomModel(name, 1, 96, 160, 4, 1, 80, 300, true, DType.F16));
      list.add(new RandomModel(name, 2, 48, 33, 3, 1, 96, 300, false, DType.F32));
      list.add(new RandomModel(name, 1, 128, 96, 2, 2, 256, 300, false, DType.F32));
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
      hold(model, shape.type(), "off", NEAR);
      hold(model, shape.type(), "auto", NEAR);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {NEAR, FAR})
  void frequencyFactorsAreThoseOfTheContext(int context) {
    Path file = RandomModel.small("phi3", DType.F32).write(folder.resolve("model.gguf"));
    try (Model model = Model.open(file)) {
      hold(model, DType.F32, "auto", context);
      double[] far = new PlainDecoder(model.gguf(), FAR, false).logits(IDS)[IDS.length - 1];
      double[] near = new PlainDecoder(model.gguf(), NEAR, false).logits(IDS)[IDS.length - 1];
      assertThat(Errors.between(near, far).nmse()).isGreaterThan(1e-6);
    }
  }

  @Test
  void layersWithAWindowAreTurnedByTheFactorOfAttentionAlone() {
    Path file = RandomModel.small("gemma3", DType.F32).write(folder.resolve("model.gguf"), Set.of(),
        writer -> writer.string("gemma3.rope.scaling.type", "yarn").float32("gemma3.rope.scaling.attn_factor", 1.3));
    try (Model model = Model.open(file)) {
      hold(model, DType.F32, "auto", NEAR);
    }
  }

  @Test
  void logitsMayHaveABias() {
    for (boolean tied : new boolean[] {true, false}) {
      Path file = new RandomModel("qwen2", 1, 64, 96, 4, 2, 16, 300, tied, DType.F32).write(folder.resolve("model.gguf"), Set.of(),
          writer -> RandomModel.vector(writer, "output.bias", 300, 0.5));
      try (Model model = Model.open(file)) {
        hold(model, DType.F32, "auto", NEAR);
      }
    }
  }

  private static void hold(Model model, DType type, String kernelsInC, int context) {
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("native", kernelsInC));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(context).withChunk(7));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      List<float[]> logits = new ArrayList<>(List.of(decoder.logits(sequence, Arrays.copyOf(IDS, IDS.length - 2))));
      for (int t = logits.size(); t < IDS.length; t++) {
        logits.add(decoder.logits(sequence, IDS[t])[0]);
      }
      // Kernels of latent attention may round what they multiply the two halves of attn_kv_b by, where these loops round latent rows.
      double most = type.isBlock() && model.dimensions().latent().isPresent() ? FEW_CODES : EXACT;
      hold(new Truth(model, context), type, logits, most, "native " + kernelsInC);
    }
  }

  /**
   * Beside weights in blocks most tokens are as near as elsewhere; where an activation lies between two codes within the error of float32, one code more or less changes
   * the token and those after it.
   *
   * @param most the bound of most tokens
   */
  private static void hold(Truth truth, DType type, List<float[]> logits, double most, String what) {
    double[] errors = IntStream.range(0, logits.size()).mapToDouble(t -> truth.error(t, logits.get(t))).toArray();
    String all = what + " " + Arrays.toString(errors);
    Arrays.sort(errors);
    assertThat(errors[errors.length / 2]).as(all).isLessThan(most);
    assertThat(errors[errors.length - 1]).as(all).isLessThan(type.isBlock() ? FEW_CODES : EXACT);
  }

  /** Logits by float64 loops: with exact activations, and with such as kernels round to 8 bits beside weights in blocks. */
  private static final class Truth {
    private final double[][] exact;
    private final double[][] rounded;

    Truth(Model model, int context) {
      exact = new PlainDecoder(model.gguf(), context, false).logits(IDS);
      rounded = new PlainDecoder(model.gguf(), context, true).logits(IDS);
    }

    double error(int token, float[] logits) {
      return Math.min(FamilyShapesTest.error(exact[token], logits), FamilyShapesTest.error(rounded[token], logits));
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
        Truth truth = new Truth(model, NEAR);
        List<float[]> logits = new ArrayList<>(List.of(decoder.logits(sequence, Arrays.copyOf(IDS, IDS.length - 1))));
        logits.add(decoder.logits(sequence, IDS[IDS.length - 1])[0]);
        hold(truth, type, logits, EXACT, type.label());
      }
    }
  }

  private static double error(double[] expected, float[] actual) {
    double[] wide = new double[actual.length];
    Arrays.setAll(wide, i -> actual[i]);
    return Errors.between(expected, wide).nmse();
  }
}
