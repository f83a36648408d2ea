package dev.gatun.decoder;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.tck.oracle.Formats;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A file's keys and tensors in float64, and products with them. */
final class PlainTensors {
  private static final int GROUP = 32;

  private final Gguf gguf;
  private final Metadata meta;
  private final String family;
  private final boolean rounding;
  private final Map<String, double[]> decoded = new HashMap<>();

  /** @param rounding whether activations are rounded to 8 bits beside weights in blocks, in groups of 32, as kernels may */
  PlainTensors(Gguf gguf, boolean rounding) {
    this.gguf = gguf;
    this.meta = gguf.metadata();
    this.family = meta.string("general.architecture").orElseThrow();
    this.rounding = rounding;
  }

  String family() {
    return family;
  }

  int integer(String key) {
    return (int) meta.integer(family + "." + key).orElseThrow();
  }

  int integer(String key, int otherwise) {
    return (int) meta.integer(family + "." + key).orElse(otherwise);
  }

  double real(String key, double otherwise) {
    return meta.real(family + "." + key).orElse(otherwise);
  }

  boolean flag(String key, boolean otherwise) {
    return meta.bool(family + "." + key).orElse(otherwise);
  }

  String string(String key) {
    return meta.string(family + "." + key).orElse("");
  }

  boolean has(String name) {
    return gguf.tensor(name).isPresent();
  }

  /** The elements outside of which a tensor begins again: its outermost dimension's. */
  int outer(String name) {
    return (int) gguf.tensor(name).orElseThrow().shape()[0];
  }

  Optional<double[]> tensor(String name) {
    return gguf.tensor(name).map(tensor -> decoded.computeIfAbsent(name, _ -> values(tensor)));
  }

  double[] required(String name) {
    return tensor(name).orElseThrow();
  }

  private static double[] values(GgufTensor tensor) {
    long elements = Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b);
    return Formats.decode(tensor.dtype(), tensor.data(), 0, elements);
  }

  /** {@code name.weight} times x, plus {@code name.bias} where there is one. */
  double[] projected(String name, double[] x) {
    double[] y = multiply(name + ".weight", 0, required(name + ".weight").length / x.length, x);
    tensor(name + ".bias").ifPresent(bias -> add(y, bias));
    return y;
  }

  /** {@code rows} rows of a weight from {@code first} on, times x. */
  double[] multiply(String name, int first, int rows, double[] x) {
    double[] w = required(name);
    double[] read = rounding && gguf.tensor(name).orElseThrow().dtype().isBlock() ? rounded(x) : x;
    double[] y = new double[rows];
    for (int n = 0; n < rows; n++) {
      for (int i = 0; i < read.length; i++) {
        y[n] += w[(first + n) * read.length + i] * read[i];
      }
    }
    return y;
  }

  /** In float32 as kernels do it, so that what lies exactly between two codes goes the same way. */
  private static double[] rounded(double[] x) {
    double[] y = new double[x.length];
    for (int from = 0; from < x.length; from += GROUP) {
      float most = 0;
      for (int i = from; i < from + GROUP; i++) {
        most = Math.max(most, Math.abs((float) x[i]));
      }
      float scale = most / 127;
      float inverse = most == 0 ? 0 : 1 / scale;
      for (int i = from; i < from + GROUP; i++) {
        y[i] = Math.rint((float) x[i] * inverse) * scale;
      }
    }
    return y;
  }

  /** The n elements from {@code at} on, normed by {@code name.weight}: about their mean where there is a bias. */
  double[] norm(String name, double[] x, int at, int n) {
    double[] weight = required(name + ".weight");
    Optional<double[]> bias = tensor(name + ".bias");
    double eps = real(bias.isPresent() ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 1e-5);
    double mean = bias.isPresent() ? Arrays.stream(x, at, at + n).average().orElseThrow() : 0;
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (x[at + i] - mean) * (x[at + i] - mean);
    }
    double[] y = new double[n];
    for (int i = 0; i < n; i++) {
      y[i] = (x[at + i] - mean) / Math.sqrt(sum / n + eps) * weight[i] + (bias.isPresent() ? bias.get()[i] : 0);
    }
    return y;
  }

  static void add(double[] to, double[] what) {
    for (int i = 0; i < to.length; i++) {
      to[i] += what[i];
    }
  }
}
