package dev.gatun.decoder.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.decoder.gguf.WriteProgress;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SeededModelTest {
  private static final ModelShape TEST = ModelShape.of("test").orElseThrow();

  @TempDir Path folder;

  private static ModelShape tiny(String family, Optional<Llama3RopeScaling> scaling, boolean tied) {
    return new ModelShape("tiny", family, 2, 256, 512, 4, 2, 64, 300, 128, 10000, 1e-6, tied, scaling);
  }

  private Path write(ModelShape shape, DType type, long seed, int threads) {
    Path file = folder.resolve(shape.name() + shape.family() + type + seed + "-" + threads + ".gguf");
    SeededModel.write(file, shape, WeightMix.of(type), seed, WriteProgress.NONE, threads);
    return file;
  }

  @Test
  void describesTheTestShapeInFull() {
    try (Gguf gguf = Gguf.open(write(TEST, DType.Q8_0, 1, 2))) {
      Metadata metadata = gguf.metadata();
      assertThat(metadata.string("general.architecture")).contains("llama");
      assertThat(metadata.integer("llama.block_count")).hasValue(2);
      assertThat(metadata.integer("llama.embedding_length")).hasValue(64);
      assertThat(metadata.integer("llama.attention.head_count")).hasValue(4);
      assertThat(metadata.integer("llama.attention.head_count_kv")).hasValue(2);
      assertThat(metadata.integer("llama.rope.dimension_count")).hasValue(16);
      assertThat(metadata.real("llama.rope.freq_base")).hasValue(10000);
      assertThat(metadata.real("llama.attention.layer_norm_rms_epsilon")).hasValue(1e-5f);
      assertThat(metadata.strings("tokenizer.ggml.tokens").orElseThrow()).hasSize(512);
      assertThat(gguf.tensors()).hasSize(3 + 2 * 9);
      assertThat(gguf.tensor("token_embd.weight").orElseThrow().shape()).containsExactly(512, 64);
      assertThat(gguf.tensor("blk.1.attn_k.weight").orElseThrow().shape()).containsExactly(32, 64);
      assertThat(gguf.tensor("blk.1.attn_output.weight").orElseThrow().shape()).containsExactly(64, 64);
      assertThat(gguf.tensor("blk.0.ffn_down.weight").orElseThrow().shape()).containsExactly(64, 160);
      assertThat(gguf.tensor("blk.0.ffn_up.weight").orElseThrow().dtype()).isEqualTo(DType.Q8_0);
      GgufTensor norm = gguf.tensor("output_norm.weight").orElseThrow();
      float[] ones = new float[64];
      Arrays.fill(ones, 1);
      assertThat(norm.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(ones);
      assertThat(elements(gguf)).isEqualTo(TEST.parameters());
    }
  }

  @Test
  void eachFamilyHasItsTensors() {
    try (Gguf gguf = Gguf.open(write(tiny("qwen2", Optional.empty(), true), DType.Q4_0, 1, 2))) {
      assertThat(gguf.tensor("output.weight")).isEmpty();
      GgufTensor bias = gguf.tensor("blk.1.attn_k.bias").orElseThrow();
      assertThat(bias.dtype()).isEqualTo(DType.F32);
      assertThat(bias.shape()).containsExactly(128);
      assertThat(gguf.metadata().integer("qwen2.block_count")).hasValue(2);
      assertThat(elements(gguf)).isEqualTo(tiny("qwen2", Optional.empty(), true).parameters());
    }
    try (Gguf gguf = Gguf.open(write(tiny("qwen3", Optional.empty(), false), DType.Q4_0, 1, 2))) {
      assertThat(gguf.tensor("blk.0.attn_q_norm.weight").orElseThrow().shape()).containsExactly(64);
      assertThat(gguf.tensor("output.weight").orElseThrow().shape()).containsExactly(300, 256);
      assertThat(elements(gguf)).isEqualTo(tiny("qwen3", Optional.empty(), false).parameters());
    }
    Llama3RopeScaling scaling = new Llama3RopeScaling(32, 1, 4, 8192);
    try (Gguf gguf = Gguf.open(write(tiny("llama", Optional.of(scaling), true), DType.Q4_0, 1, 2))) {
      assertThat(gguf.tensor("rope_freqs.weight").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
          .containsExactly(scaling.divisors(64, 10000));
    }
  }

  private static long elements(Gguf gguf) {
    return gguf.entries().stream().mapToLong(entry -> Arrays.stream(entry.shape()).reduce(1, (a, b) -> a * b)).sum();
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q5_0", "Q4_K", "Q6_K"})
  void weightsHaveMeanZeroAndTheDeviationOfTheirRowLength(DType type) {
    try (Gguf gguf = Gguf.open(write(tiny("llama", Optional.empty(), true), type, 3, 2))) {
      for (String name : new String[] {"token_embd.weight", "blk.0.ffn_down.weight", "blk.1.attn_q.weight"}) {
        GgufTensor tensor = gguf.tensor(name).orElseThrow();
        double[] values = Dequantized.values(type, tensor.data().toArray(ValueLayout.JAVA_BYTE));
        double expected = 1 / Math.sqrt(tensor.shape()[1]);
        double mean = Arrays.stream(values).average().orElseThrow();
        double deviation = Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
        assertThat(mean).as(name).isBetween(-0.02 * expected, 0.02 * expected);
        assertThat(deviation).as(name).isBetween(0.97 * expected, 1.03 * expected);
        assertThat(Arrays.stream(values).distinct().count()).as(name).isGreaterThan(50);
      }
    }
  }

  @Test
  void quantsOfQ80AreNeverMinus128() {
    try (Gguf gguf = Gguf.open(write(tiny("llama", Optional.empty(), true), DType.Q8_0, 3, 2))) {
      byte[] data = gguf.tensor("token_embd.weight").orElseThrow().data().toArray(ValueLayout.JAVA_BYTE);
      int[] seen = new int[256];
      for (int i = 0; i < data.length; i++) {
        if (i % 34 >= 2) {
          seen[data[i] + 128]++;
        }
      }
      assertThat(seen[0]).isZero();
      assertThat(Arrays.copyOfRange(seen, 1, 256)).doesNotContain(0);
      assertThat(seen[1]).isGreaterThan(seen[128]);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q5_0", "Q4_K", "Q6_K"})
  void theSeedAloneDecidesTheBytes(DType type) throws IOException {
    // A vocabulary large enough for several chunks of every type.
    ModelShape shape = new ModelShape("wide", "llama", 1, 256, 256, 4, 4, 64, 50_000, 128, 10000, 1e-5, true, Optional.empty());
    Path one = write(shape, type, 5, 1);
    assertThat(Files.mismatch(one, write(shape, type, 5, 3))).isEqualTo(-1);
    assertThat(Files.mismatch(one, write(shape, type, 6, 3))).isNotEqualTo(-1);
  }

  @Test
  void theBytesOfASeedAreThoseOfTheirVersion() {
    // SplitMix64 by hand: mix(mix(1) + golden) is the key of stream 0, word 0 is mix(key).
    long key = splitMix(splitMix(1) + 0x9E3779B97F4A7C15L);
    assertThat(SeededBits.of(1, 0).word(0)).isEqualTo(splitMix(key));
    assertThat(SeededBits.of(1, 0).word(1)).isEqualTo(splitMix(key + 0x9E3779B97F4A7C15L));
    // The first output of the reference generator seeded with 0.
    assertThat(splitMix(0x9E3779B97F4A7C15L)).isEqualTo(0xE220A8397B1DCDAFL);
  }

  private static long splitMix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }

  @Test
  void refusesTypesThatDoNotFit() {
    assertThatThrownBy(() -> write(TEST, DType.Q4_K, 1, 1)).isInstanceOf(ShapeException.class)
        .hasMessageContaining("shape test has rows of 64").hasMessageContaining("q4_k");
    assertThatThrownBy(() -> write(TEST, DType.Q5_1, 1, 1)).isInstanceOf(ShapeException.class).hasMessageContaining("q5_1");
    assertThatThrownBy(() -> SeededModel.cached(TEST, DType.I32, WriteProgress.NONE)).isInstanceOf(ShapeException.class);
  }

  @Test
  void shapesHaveThePublishedNumbersOfParameters() {
    Map<String, Long> published = Map.ofEntries(Map.entry("llama-3.2-1b", 1_235_814_400L), Map.entry("llama-3-8b", 8_030_261_248L),
        Map.entry("llama-2-7b", 6_738_415_616L), Map.entry("tinyllama-1.1b", 1_100_048_384L), Map.entry("smollm2-135m", 134_515_008L),
        Map.entry("qwen2.5-0.5b", 494_032_768L), Map.entry("qwen3-0.6b", 596_049_920L), Map.entry("qwen3-4b", 4_022_468_096L),
        Map.entry("minicpm-2b", 2_724_880_896L), Map.entry("minicpm4-0.5b", 433_873_920L), Map.entry("minicpm4-8b", 8_185_253_888L),
        Map.entry("minicpm3-4b", 4_073_875_968L), Map.entry("gemma-2-2b", 2_614_341_888L), Map.entry("gemma-3-1b", 999_885_952L),
        Map.entry("phi-3.5-mini", 3_821_079_552L), Map.entry("granite-3.1-2b", 2_533_531_648L), Map.entry("olmo-2-1b", 1_484_916_736L),
        Map.entry("smollm3-3b", 3_075_098_624L), Map.entry("qwen1.5-moe-a2.7b", 14_315_784_192L), Map.entry("qwen3-30b-a3b", 30_532_122_624L),
        Map.entry("mixtral-8x7b", 46_702_792_704L), Map.entry("deepseek-v2-lite", 15_706_484_224L));
    published.forEach((name, count) -> assertThat(ModelShape.of(name).orElseThrow().parameters()).as(name).isEqualTo(count));
    assertThat(ModelShape.all()).hasSize(published.size() + 2);
    assertThat(ModelShape.of("gpt-5")).isEmpty();
  }

  @Test
  void ropeScalingFollowsItsThreeRanges() {
    float[] divisors = new Llama3RopeScaling(32, 1, 4, 8192).divisors(64, 500000);
    assertThat(divisors).hasSize(32);
    // Wavelengths 2π·500000^(i/32): 6.28 at i = 0, 2.1 million at i = 31; 2048 is reached between i = 14 and 15, 8192 between 17 and 18.
    for (int i = 0; i < 32; i++) {
      double wavelength = 2 * Math.PI * Math.pow(500000, i / 32.0);
      if (wavelength < 2048) {
        assertThat(divisors[i]).isEqualTo(1);
      } else if (wavelength > 8192) {
        assertThat(divisors[i]).isEqualTo(32);
      } else {
        double smooth = (8192 / wavelength - 1) / 3;
        assertThat((double) divisors[i]).isCloseTo(1 / ((1 - smooth) / 32 + smooth), withPercentage(0.001));
      }
    }
    assertThat(divisors[14]).isEqualTo(1);
    assertThat(divisors[15]).isBetween(1.001f, 31.9f);
    assertThat(divisors[18]).isEqualTo(32);
  }
}
