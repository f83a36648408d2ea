package dev.gatun.decoder;

import dev.gatun.decoder.gguf.Gguf;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The families in float64 loops that share nothing with the project's operators or graph: the truth that the decoder is held to on shapes no other
 * engine's output is at hand for. Computes the logits after every token of a prompt from scratch.
 */
final class PlainDecoder {
  private final PlainTensors t;
  private final String family;
  private final int context;
  private final int embedding;
  private final int heads;
  private final int kvHeads;
  private final int size;

  /** With exact activations. */
  PlainDecoder(Gguf gguf) {
    this(gguf, 0, false);
  }

  /** For a decoder of that context. @param rounding whether activations are rounded to 8 bits beside weights in blocks */
  PlainDecoder(Gguf gguf, int context, boolean rounding) {
    this.t = new PlainTensors(gguf, rounding);
    this.family = t.family();
    this.context = context;
    this.embedding = t.integer("embedding_length");
    this.heads = t.integer("attention.head_count");
    this.kvHeads = t.integer("attention.head_count_kv", heads);
    this.size = t.integer("attention.key_length_mla", t.integer("attention.key_length", embedding / heads));
  }

  double[][] logits(int[] ids) {
    double[] table = t.required("token_embd.weight");
    double[][] x = new double[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      x[i] = Arrays.copyOfRange(table, ids[i] * embedding, (ids[i] + 1) * embedding);
      scale(x[i], embeddingScale());
      if (t.has("position_embd.weight")) {
        PlainTensors.add(x[i], Arrays.copyOfRange(t.required("position_embd.weight"), i * embedding, (i + 1) * embedding));
      }
    }
    for (int layer = 0; layer < t.integer("block_count"); layer++) {
      block(layer, x);
    }
    String output = t.has("output.weight") ? "output" : "token_embd";
    double[] none = new double[t.outer("token_embd.weight")];
    double[][] logits = new double[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      logits[i] = t.projected(output, t.norm("output_norm", x[i], 0, embedding));
      scale(logits[i], logitScale());
      PlainTensors.add(logits[i], output.equals("output") ? none : t.tensor("output.bias").orElse(none));
      double cap = t.real("final_logit_softcapping", 0);
      for (int n = 0; cap > 0 && n < logits[i].length; n++) {
        logits[i][n] = cap * Math.tanh(logits[i][n] / cap);
      }
    }
    return logits;
  }

  private double embeddingScale() {
    return switch (family) {
      case "minicpm", "granite", "granitemoe" -> t.real("embedding_scale", 1);
      case "minicpm3" -> 12;
      case "gemma2", "gemma3" -> Math.sqrt(embedding);
      default -> 1;
    };
  }

  private double logitScale() {
    return switch (family) {
      case "minicpm", "granite", "granitemoe" -> 1 / t.real("logit_scale", 1);
      case "minicpm3" -> 256.0 / embedding;
      default -> 1;
    };
  }

  private void block(int layer, double[][] x) {
    String p = "blk." + layer + ".";
    double[][] given = t.has(p + "attn_kv_a_mqa.weight") ? latent(layer, p, x) : attention(layer, p, x);
    for (int i = 0; i < x.length; i++) {
      join(x[i], given[i], p + "post_attention_norm");
      double[] read = t.has(p + "ffn_norm.weight") ? t.norm(p + "ffn_norm", x[i], 0, embedding) : x[i];
      join(x[i], t.has(p + "ffn_gate_inp.weight") ? new PlainExperts(t, p).given(read) : feed(p, read), p + "post_ffw_norm");
    }
  }

  /** Adds to the residual stream. */
  private void join(double[] x, double[] given, String postNorm) {
    double[] normed = t.has(postNorm + ".weight") ? t.norm(postNorm, given, 0, embedding) : given;
    scale(normed, family.equals("minicpm3") ? 1.4 / Math.sqrt(t.integer("block_count")) : t.real("residual_scale", 1));
    PlainTensors.add(x, normed);
  }

  private double[] feed(String p, double[] x) {
    double[] up = t.projected(p + "ffn_up", x);
    double[] mixed;
    if (family.equals("gpt2")) {
      mixed = Arrays.stream(up).map(PlainDecoder::gelu).toArray();
    } else if (family.equals("phi3")) {
      mixed = new double[up.length / 2];
      Arrays.setAll(mixed, i -> silu(up[i]) * up[i + mixed.length]);
    } else {
      double[] gate = t.projected(p + "ffn_gate", x);
      mixed = new double[up.length];
      Arrays.setAll(mixed, i -> (family.startsWith("gemma") ? gelu(gate[i]) : silu(gate[i])) * up[i]);
    }
    return t.projected(p + "ffn_down", mixed);
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  private static double gelu(double x) {
    return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  private double[][] attention(int layer, String p, double[][] x) {
    int n = x.length;
    double[][] q = new double[n][];
    double[][] k = new double[n][];
    double[][] v = new double[n][];
    for (int i = 0; i < n; i++) {
      double[] h = t.has(p + "attn_norm.weight") ? t.norm(p + "attn_norm", x[i], 0, embedding) : x[i];
      if (t.has(p + "attn_qkv.weight")) {
        double[] all = t.projected(p + "attn_qkv", h);
        q[i] = Arrays.copyOfRange(all, 0, heads * size);
        k[i] = Arrays.copyOfRange(all, heads * size, (heads + kvHeads) * size);
        v[i] = Arrays.copyOfRange(all, (heads + kvHeads) * size, all.length);
        t.tensor(p + "attn_q.bias").ifPresent(biasOf(q[i]));
        t.tensor(p + "attn_k.bias").ifPresent(biasOf(k[i]));
        t.tensor(p + "attn_v.bias").ifPresent(biasOf(v[i]));
      } else {
        q[i] = t.projected(p + "attn_q", h);
        k[i] = t.projected(p + "attn_k", h);
        v[i] = t.projected(p + "attn_v", h);
      }
      q[i] = headNorm(p + "attn_q_norm", q[i]);
      k[i] = headNorm(p + "attn_k_norm", k[i]);
      if (!family.equals("gpt2") && !(family.equals("smollm3") && layer % 4 == 3)) {
        turn(layer, q[i], heads, size, 0, i);
        turn(layer, k[i], kvHeads, size, 0, i);
      }
    }
    return mixed(layer, p, q, k, v, kvHeads);
  }

  private static Consumer<double[]> biasOf(double[] row) {
    return bias -> PlainTensors.add(row, bias);
  }

  /** Latent attention with the keys and values of every head written out. */
  private double[][] latent(int layer, String p, double[][] x) {
    int rank = t.integer("attention.kv_lora_rank");
    int rotated = t.integer("rope.dimension_count");
    int nope = size - rotated;
    boolean split = t.has(p + "attn_k_b.weight");
    int valueSize = split ? t.integer("attention.value_length_mla") : t.integer("attention.value_length");
    double[][] q = new double[x.length][];
    double[][] k = new double[x.length][heads * size];
    double[][] v = new double[x.length][heads * valueSize];
    for (int i = 0; i < x.length; i++) {
      double[] h = t.norm(p + "attn_norm", x[i], 0, embedding);
      if (t.has(p + "attn_q.weight")) {
        q[i] = t.projected(p + "attn_q", h);
      } else {
        double[] shorter = t.projected(p + "attn_q_a", h);
        q[i] = t.projected(p + "attn_q_b", t.norm(p + "attn_q_a_norm", shorter, 0, shorter.length));
      }
      turn(layer, q[i], heads, size, nope, i);
      double[] down = t.projected(p + "attn_kv_a_mqa", h);
      double[] row = t.norm(p + "attn_kv_a_norm", down, 0, rank);
      double[] turned = Arrays.copyOfRange(down, rank, rank + rotated);
      turn(layer, turned, 1, rotated, 0, i);
      for (int head = 0; head < heads; head++) {
        double[] key = split ? transposed(p + "attn_k_b.weight", head, rank, nope, row)
            : t.multiply(p + "attn_kv_b.weight", head * (nope + valueSize), nope, row);
        System.arraycopy(key, 0, k[i], head * size, nope);
        System.arraycopy(turned, 0, k[i], head * size + nope, rotated);
        double[] value = split ? t.multiply(p + "attn_v_b.weight", head * valueSize, valueSize, row)
            : t.multiply(p + "attn_kv_b.weight", head * (nope + valueSize) + nope, valueSize, row);
        System.arraycopy(value, 0, v[i], head * valueSize, valueSize);
      }
    }
    return mixed(layer, p, q, k, v, heads);
  }

  private double[] transposed(String name, int head, int rank, int nope, double[] row) {
    double[] w = t.required(name);
    double[] y = new double[nope];
    for (int r = 0; r < rank; r++) {
      for (int i = 0; i < nope; i++) {
        y[i] += w[(head * rank + r) * nope + i] * row[r];
      }
    }
    return y;
  }

  private double[][] mixed(int layer, String p, double[][] q, double[][] k, double[][] v, int groups) {
    double[][] given = new double[q.length][];
    int valueSize = v[0].length / groups;
    for (int i = 0; i < q.length; i++) {
      double[] mixed = new double[heads * valueSize];
      for (int head = 0; head < heads; head++) {
        double[] p2 = weights(layer, q[i], k, i, head, head / (heads / groups) * size);
        for (int j = 0; j <= i; j++) {
          for (int e = 0; e < valueSize; e++) {
            mixed[head * valueSize + e] += p2[j] * v[j][head / (heads / groups) * valueSize + e];
          }
        }
      }
      given[i] = t.projected(p + "attn_output", mixed);
    }
    return given;
  }

  /** A norm of one head's size is for each head, one of all heads' for all together. */
  private double[] headNorm(String name, double[] x) {
    if (!t.has(name + ".weight")) {
      return x;
    }
    int n = t.required(name + ".weight").length;
    double[] y = new double[x.length];
    for (int at = 0; at < x.length; at += n) {
      System.arraycopy(t.norm(name, x, at, n), 0, y, at, n);
    }
    return y;
  }

  /** Whether a layer sees the last positions alone: of the patterns in the files made here, every layer but the last of two. */
  private boolean windowed(int layer) {
    return switch (family) {
      case "gemma2", "gemma3", "olmo2" -> t.integer("attention.sliding_window", 0) > 0 && layer % 2 == 0;
      default -> false;
    };
  }

  private double[] weights(int layer, double[] q, double[][] k, int i, int head, int from) {
    int first = windowed(layer) ? Math.max(0, i - t.integer("attention.sliding_window") + 1) : 0;
    double cap = t.real("attn_logit_softcapping", 0);
    double[] p = new double[i + 1];
    double sum = 0;
    for (int j = first; j <= i; j++) {
      for (int e = 0; e < size; e++) {
        p[j] += scoreScale() * q[head * size + e] * k[j][from + e];
      }
      p[j] = Math.exp(cap > 0 ? cap * Math.tanh(p[j] / cap) : p[j]);
      sum += p[j];
    }
    for (int j = first; j <= i; j++) {
      p[j] /= sum;
    }
    return p;
  }

  /** DeepSeek puts the factor of YaRN on the scores. */
  private double scoreScale() {
    if (family.startsWith("granite")) {
      return t.real("attention.scale", 0);
    }
    double growth = 0.1 * Math.log(t.real("rope.scaling.factor", 1));
    double multiplier = t.real("rope.scaling.yarn_log_multiplier", 0) / 0.1;
    double factor = family.equals("deepseek2") ? multiplier == 0 ? 1 + growth : 1 + multiplier * growth : 1;
    return factor * factor / Math.sqrt(size);
  }

  /** Rotates heads of {@code width} elements from element {@code from} of each on. */
  private void turn(int layer, double[] x, int count, int width, int from, int position) {
    int dims = t.integer("rope.dimension_count", width);
    boolean neighbours = family.matches("llama|minicpm|granite|granitemoe|smollm3|deepseek2");
    for (int head = 0; head < count; head++) {
      for (int i = 0; i < dims / 2; i++) {
        int a = head * width + from + (neighbours ? 2 * i : i);
        int b = head * width + from + (neighbours ? 2 * i + 1 : i + dims / 2);
        double angle = position * frequency(layer, i, dims);
        double first = (x[a] * Math.cos(angle) - x[b] * Math.sin(angle)) * magnitude(layer);
        x[b] = (x[a] * Math.sin(angle) + x[b] * Math.cos(angle)) * magnitude(layer);
        x[a] = first;
      }
    }
  }

  private double frequency(int layer, int i, int dims) {
    double base = family.equals("gemma3") && windowed(layer) ? 10000 : t.real("rope.freq_base", 10000);
    double f = Math.pow(base, -2.0 * i / dims);
    double original = t.integer("rope.scaling.original_context_length", t.integer("context_length"));
    String factors = t.has("rope_freqs.weight") ? "rope_freqs.weight" : "rope_factors_" + (context > original ? "long" : "short") + ".weight";
    double divisor = t.tensor(factors).map(list -> list[i]).orElse(1.0);
    double factor = t.real("rope.scaling.factor", 1);
    return windowed(layer) && !family.equals("gemma2") ? f / divisor : switch (t.string("rope.scaling.type")) {
      case "yarn" -> {
        double low = Math.max(0, Math.floor(dims * Math.log(original / (32 * 2 * Math.PI)) / (2 * Math.log(base))));
        double high = Math.min(dims - 1, Math.ceil(dims * Math.log(original / (2 * Math.PI)) / (2 * Math.log(base))));
        double ramp = 1 - Math.clamp((i - low) / Math.max(0.001, high - low), 0, 1);
        yield f / factor * (1 - ramp) + f * ramp;
      }
      default -> f / factor / divisor;
    };
  }

  /** What YaRN and LongRoPE multiply cosine and sine by. */
  private double magnitude(int layer) {
    boolean yarn = t.string("rope.scaling.type").equals("yarn") && !(family.equals("gemma3") && windowed(layer));
    double attention = t.real("rope.scaling.attn_factor", 1);
    boolean onScores = t.real("rope.scaling.yarn_log_multiplier", 0) != 0;
    return family.equals("olmo2") && windowed(layer) || onScores ? 1 : yarn ? attention * (1 + 0.1 * Math.log(t.real("rope.scaling.factor", 1))) : attention;
  }

  private static void scale(double[] x, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }
}
