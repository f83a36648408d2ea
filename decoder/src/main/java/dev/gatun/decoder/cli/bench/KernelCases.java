package dev.gatun.decoder.cli.bench;

import dev.gatun.DType;
import dev.gatun.decoder.model.ModelShape;
import java.util.ArrayList;
import java.util.List;

/** What is measured, the most telling first: time on a device may run out. */
final class KernelCases {
  private static final List<DType> WEIGHTS = List.of(DType.BF16, DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.F8_E4M3);
  private static final List<Integer> SQUARES = List.of(4096, 8192, 2048);
  private static final List<Integer> PROMPTS = List.of(8192, 2048, 4096, 16384);
  private static final List<Integer> DEPTHS = List.of(8192, 32768, 131072);

  private final BenchScale scale;
  private final List<KernelCase> all = new ArrayList<>();

  private KernelCases(BenchScale scale) {
    this.scale = scale;
  }

  static List<KernelCase> all(BenchScale scale) {
    KernelCases cases = new KernelCases(scale);
    cases.headline();
    cases.attention();
    cases.batches();
    cases.prefill();
    cases.otherModels();
    cases.rows();
    return List.copyOf(cases.all);
  }

  private static ModelShape model(String name) {
    return ModelShape.of(name).orElseThrow();
  }

  private void decode(ModelShape shape, String weight, DType type, int m) {
    int columns = MatmulCases.weights(shape).get(weight)[1];
    if (columns % type.blockSize() == 0) {
      all.add(MatmulCases.decode(scale, shape, weight, type, m));
    }
  }

  private void headline() {
    ModelShape large = model("llama-3-8b");
    for (DType type : WEIGHTS) {
      for (String weight : List.of("ffn_gate", "ffn_down", "attn_q")) {
        decode(large, weight, type, 1);
      }
    }
    SQUARES.forEach(n -> all.add(MatmulCases.square(scale, DType.BF16, n)));
    all.add(AttentionCases.prefill(scale, PROMPTS.getFirst(), 32, 8, 128, true));
    all.add(AttentionCases.prefill(scale, PROMPTS.getFirst(), 32, 8, 64, true));
    DEPTHS.forEach(keys -> all.add(AttentionCases.decode(scale, keys, 1, 32, 8, 128, DType.BF16)));
  }

  private void attention() {
    for (boolean causal : new boolean[] {true, false}) {
      for (int size : new int[] {128, 64}) {
        for (int tokens : PROMPTS) {
          if (tokens != PROMPTS.getFirst() || !causal) {
            all.add(AttentionCases.prefill(scale, tokens, 32, 8, size, causal));
          }
        }
      }
    }
    DEPTHS.forEach(keys -> all.add(AttentionCases.decode(scale, keys, 1, 32, 8, 64, DType.BF16)));
    all.add(AttentionCases.decode(scale, 8192, 8, 32, 8, 128, DType.BF16));
    all.add(AttentionCases.decode(scale, 8192, 32, 32, 8, 128, DType.BF16));
    all.add(AttentionCases.decode(scale, 32768, 1, 32, 8, 128, DType.F8_E4M3));
    all.add(AttentionCases.decode(scale, 32768, 1, 32, 8, 128, DType.Q8_0));
    LatentAttentionCases.Heads lite = new LatentAttentionCases.Heads(16, 512, 64, 128, 128);
    all.add(LatentAttentionCases.of(scale, "deepseek-v2-lite", lite, 4096, 4096));
    all.add(LatentAttentionCases.of(scale, "deepseek-v2-lite", lite, 512, 8192));
    all.add(LatentAttentionCases.of(scale, "deepseek-v2-lite", lite, 1, 8192));
    all.add(LatentAttentionCases.of(scale, "minicpm3-4b", new LatentAttentionCases.Heads(40, 256, 32, 64, 64), 4096, 4096));
  }

  private void batches() {
    ModelShape large = model("llama-3-8b");
    for (int m : new int[] {8, 32}) {
      for (DType type : WEIGHTS) {
        decode(large, "ffn_gate", type, m);
        decode(large, "ffn_down", type, m);
      }
    }
    for (DType type : List.of(DType.BF16, DType.Q4_0)) {
      decode(large, "attn_k", type, 1);
      decode(large, "output", type, 1);
    }
  }

  private void prefill() {
    ModelShape large = model("llama-3-8b");
    for (DType type : WEIGHTS) {
      for (String weight : List.of("ffn_gate", "ffn_down", "attn_q", "attn_k")) {
        all.add(MatmulCases.prefill(scale, large, weight, type, 4096));
      }
    }
    for (DType type : WEIGHTS) {
      if (type != DType.BF16) {
        SQUARES.forEach(n -> all.add(MatmulCases.square(scale, type, n)));
      }
      all.add(MatmulCases.prefill(scale, large, "ffn_gate", type, 512));
    }
  }

  private void otherModels() {
    for (String name : List.of("llama-3.2-1b", "qwen3-4b", "minicpm-2b")) {
      for (DType type : List.of(DType.BF16, DType.Q4_0, DType.Q8_0, DType.Q4_K)) {
        for (String weight : List.of("ffn_gate", "ffn_down", "attn_q", "attn_k")) {
          decode(model(name), weight, type, 1);
        }
      }
      decode(model(name), "output", DType.BF16, 1);
      decode(model(name), "output", DType.Q4_0, 1);
    }
  }

  private void rows() {
    all.add(RowCases.rmsNorm(scale, DType.BF16, 4096, 4096));
    all.add(RowCases.rmsNorm(scale, DType.F32, 4096, 4096));
    all.add(RowCases.rmsNorm(scale, DType.F32, 1, 4096));
    all.add(RowCases.siluMul(scale, DType.BF16, 4096, 14336));
    for (DType type : List.of(DType.Q8_0, DType.Q4_0)) {
      all.add(RowCases.quantize(scale, type, 4096, 4096));
    }
    for (DType type : List.of(DType.Q8_0, DType.Q4_0, DType.Q4_K)) {
      all.add(RowCases.dequantize(scale, type, 4096, 4096));
    }
  }
}
