package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.MetadataType;
import dev.gatun.decoder.gguf.WriteProgress;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.ModelShape.Experts;
import dev.gatun.decoder.model.ModelShape.Key;
import dev.gatun.decoder.model.ModelShape.Latent;
import dev.gatun.decoder.model.SeededModel;
import dev.gatun.decoder.model.WeightMix;
import dev.gatun.tck.oracle.Errors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models with seeded weights, of every shape that has a name. */
class SeededFamiliesTest {
  private static final int[] IDS = {1, 70, 3, 255, 299, 41, 41, 8};
  private static final double BOUND = 1e-9;
  private static Backend cpu;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    cpu = Gatun.open("cpu");
  }

  @AfterAll
  static void close() {
    cpu.close();
  }

  static List<ModelShape> shapes() {
    return ModelShape.all();
  }

  /** Of the same family, with the same parts. */
  private static ModelShape small(ModelShape large) {
    boolean shared = large.kvHeads() == 1;
    boolean grouped = large.kvHeads() < large.heads();
    return new ModelShape("small-" + large.name(), large.family(), 3, 64, 96, 4, shared ? 1 : grouped ? 2 : 4, large.latent().isPresent() ? 24 : 16, 300, 128,
        large.ropeBase(), large.normEpsilon(), large.tied(), large.ropeScaling(),
        large.experts().map(experts -> new Experts(6, 2, 32, experts.shared() / experts.feedForward() * 32, experts.denseLayers())),
        large.latent().map(latent -> new Latent(latent.queryRank() == 0 ? 0 : 32, 32, 8, 16)), keys(large));
  }

  /** Of three layers one is to see all positions. */
  private static List<Key> keys(ModelShape large) {
    List<Key> keys = new ArrayList<>(large.keys());
    if (large.family().equals("gemma3")) {
      keys.add(new Key("attention.sliding_window_pattern", MetadataType.UINT32, 2L));
    }
    return keys;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void logitsAreThoseOfPlainLoops(ModelShape large) {
    Path file = folder.resolve("model.gguf");
    SeededModel.write(file, small(large), DType.F32, 5, WriteProgress.NONE);
    try (Model model = Model.open(file); Decoder decoder = new Decoder(cpu, model, DecoderOptions.of(32));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[][] found = decoder.logits(sequence, IDS);
      double[][] expected = new PlainDecoder(model.gguf(), 32, false).logits(IDS);
      for (int t = 0; t < IDS.length; t++) {
        double[] logits = new double[found[t].length];
        for (int i = 0; i < logits.length; i++) {
          logits[i] = found[t][i];
        }
        assertThat(Errors.between(expected[t], logits).nmse()).as("%s, token %d", large.name(), t).isLessThan(BOUND);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void aLargeOneIsServedInTheTypesOfItsRows(ModelShape shape) {
    for (String label : List.of("bf16", "q8_0", "q4_k_m")) {
      try (Gguf gguf = SeededModel.described(shape, WeightMix.of(label).orElseThrow()); Model model = Model.of(gguf)) {
        assertThat(model.problem()).as("%s %s", shape.name(), label).isEmpty();
        assertThat(model.dimensions().layers()).isEqualTo(shape.layers());
        assertThat(model.dimensions().experts().map(Dimensions.Experts::count)).isEqualTo(shape.experts().map(Experts::count));
      }
    }
  }

  @Test
  void aTokenReadsTheExpertsThatItGoesToAlone() {
    try (Gguf gguf = SeededModel.described(ModelShape.of("qwen3-30b-a3b").orElseThrow(), DType.BF16); Model model = Model.of(gguf)) {
      // 30.5 billion weights, of which a token meets 3.3 billion less the table of the embedding.
      assertThat(gguf.fileBytes()).isBetween(61_000_000_000L, 61_200_000_000L);
      assertThat(model.blueprint().bytesPerToken(gguf)).isBetween(6_000_000_000L, 6_200_000_000L);
    }
  }
}
