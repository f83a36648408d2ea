package dev.gatun.decoder.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.decoder.gguf.Gguf;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WeightMixTest {
  private static final ModelShape LARGE = ModelShape.of("llama-3.2-1b").orElseThrow();

  private static WeightMix mix(String label) {
    return WeightMix.of(label).orElseThrow();
  }

  private static DType type(Gguf gguf, String tensor) {
    return gguf.entries().stream().filter(entry -> entry.name().equals(tensor)).findFirst().orElseThrow().type().dtype().orElseThrow();
  }

  private static long bytes(Gguf gguf) {
    return gguf.entries().stream().mapToLong(entry -> entry.bytes()).sum();
  }

  @Test
  void labelsAreReadAndWrittenAlike() {
    for (String label : List.of("q8_0", "f16", "q4_0+q6_k", "q4_k_m", "i32")) {
      assertThat(mix(label).label()).isEqualTo(label);
    }
    assertThat(mix("Q4_K_M")).isEqualTo(mix("q4_k_m"));
    assertThat(mix("q8_0+q8_0")).isEqualTo(WeightMix.of(DType.Q8_0));
    for (String label : List.of("", "+", "q4_0+", "+q4_0", "q4_0+q6_k+q8_0", "q4_k_s", "nosuch")) {
      assertThat(WeightMix.of(label)).as(label).isEmpty();
    }
  }

  @Test
  void q4kmSpendsMoreBitsWhereQuantizersDo() {
    try (Gguf gguf = SeededModel.described(LARGE, mix("q4_k_m"))) {
      // Of 16 layers the first two, the last two, and of those between every third from the fifth on.
      TreeSet<Integer> more = new TreeSet<>(List.of(0, 1, 4, 7, 10, 13, 14, 15));
      for (int layer : IntStream.range(0, 16).toArray()) {
        DType expected = more.contains(layer) ? DType.Q6_K : DType.Q4_K;
        assertThat(type(gguf, "blk." + layer + ".attn_v.weight")).as("layer %d", layer).isEqualTo(expected);
        assertThat(type(gguf, "blk." + layer + ".ffn_down.weight")).as("layer %d", layer).isEqualTo(expected);
        for (String name : List.of("attn_q", "attn_k", "attn_output", "ffn_gate", "ffn_up")) {
          assertThat(type(gguf, "blk." + layer + "." + name + ".weight")).isEqualTo(DType.Q4_K);
        }
      }
      assertThat(type(gguf, "token_embd.weight")).isEqualTo(DType.Q6_K);
      assertThat(gguf.metadata().integer("general.file_type")).hasValue(15);
      // The size that llama.cpp gives for this model in Q4_K_M.
      assertThat(bytes(gguf)).isBetween(799_000_000L, 801_000_000L);
    }
  }

  @Test
  void outputAloneHasTheSecondTypeOfTwo() {
    try (Gguf tied = SeededModel.described(LARGE, mix("q4_0+q6_k"))) {
      assertThat(type(tied, "token_embd.weight")).isEqualTo(DType.Q6_K);
      assertThat(type(tied, "blk.0.ffn_down.weight")).isEqualTo(DType.Q4_0);
      assertThat(tied.metadata().integer("general.file_type")).hasValue(2);
      assertThat(bytes(tied)).isBetween(762_000_000L, 764_000_000L);
    }
    ModelShape untied = new ModelShape("tiny", "llama", 1, 256, 256, 4, 4, 64, 300, 128, 10000, 1e-5, false, Optional.empty());
    try (Gguf gguf = SeededModel.described(untied, mix("q4_0+q6_k"))) {
      assertThat(type(gguf, "token_embd.weight")).isEqualTo(DType.Q4_0);
      assertThat(type(gguf, "output.weight")).isEqualTo(DType.Q6_K);
    }
  }

  @Test
  void everyTypeOfAMixMustFitTheShape() {
    ModelShape test = ModelShape.of("test").orElseThrow();
    assertThatThrownBy(() -> SeededModel.described(test, mix("q8_0+q6_k"))).isInstanceOf(ShapeException.class).hasMessageContaining("q6_k");
    assertThatThrownBy(() -> SeededModel.described(test, mix("q8_0+q5_1"))).isInstanceOf(ShapeException.class).hasMessageContaining("q5_1");
  }

  @Test
  void rowsThatDoNotFitAQuantizersMixHaveTheTypeThatItGivesThem() {
    // Rows of 5760 in ffn_down are no multiple of 256.
    try (Gguf gguf = SeededModel.described(ModelShape.of("minicpm-2b").orElseThrow(), mix("q4_k_m"))) {
      assertThat(type(gguf, "blk.0.ffn_down.weight")).isEqualTo(DType.Q8_0);
      assertThat(type(gguf, "blk.5.ffn_down.weight")).isEqualTo(DType.Q5_0);
      assertThat(type(gguf, "blk.5.ffn_up.weight")).isEqualTo(DType.Q4_K);
    }
  }

  @Test
  void routersAndNormsAreFloats() {
    try (Gguf gguf = SeededModel.described(ModelShape.of("deepseek-v2-lite").orElseThrow(), mix("q4_k_m"))) {
      assertThat(type(gguf, "blk.1.ffn_gate_inp.weight")).isEqualTo(DType.F32);
      assertThat(type(gguf, "blk.1.attn_kv_a_norm.weight")).isEqualTo(DType.F32);
      assertThat(type(gguf, "blk.1.ffn_gate_exps.weight")).isEqualTo(DType.Q4_K);
      assertThat(type(gguf, "blk.1.ffn_down_exps.weight")).isEqualTo(DType.Q8_0);
      assertThat(type(gguf, "blk.4.ffn_down_exps.weight")).isEqualTo(DType.Q5_0);
    }
  }
}
