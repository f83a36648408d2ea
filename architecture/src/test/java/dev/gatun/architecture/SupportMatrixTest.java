package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Quantize;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.Plan;
import dev.gatun.tck.Support;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The README's tables of types are what the backends answer. */
class SupportMatrixTest {
  /** Every type's blocks and every layout fit it. */
  private static final int WIDTH = 512;

  /** What the CUDA and TornadoVM backends serve depends on the kernels there are, so the emulators speak for devices. */
  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cuda, cuda-emulated", "tornado, tornado-emulated"})
  void theReadmeShowsWhatTheBackendServes(String table, String name) throws IOException {
    assumeIsHere(name);
    holds("support matrix of " + table, table(name, everywhere(name)));
  }

  /** Every operator of the suite in every type, as the backend plans the quick cases. */
  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cuda, cuda-emulated", "tornado, tornado-emulated"})
  void theReadmeShowsWhatOfEveryOperatorTheBackendServes(String table, String name) throws IOException {
    assumeIsHere(name);
    holds("operators of " + table, Support.of(name, everywhere(name)).table());
  }

  /** The settings that make a backend the same on every machine: kernels in C are there on some. */
  private static BackendOptions everywhere(String name) {
    return name.equals("cpu") ? BackendOptions.none().with("native", "off") : BackendOptions.none();
  }

  private static void assumeIsHere(String name) {
    BackendInfo found = Gatun.backends().stream().filter(info -> info.name().equals(name)).findFirst().orElseThrow();
    assumeTrue(found.isAvailable(), () -> found.reasons().toString());
  }

  /** The README has these lines between the marks of that name, or gets them. */
  private static void holds(String name, List<String> table) throws IOException {
    Path file = House.ROOT.resolve("README.md");
    String readme = Files.readString(file);
    String begin = "<!-- " + name + ": begin -->";
    int from = readme.indexOf(begin) + begin.length();
    int to = readme.indexOf("<!-- " + name + ": end -->");
    assertThat(readme).contains(begin);
    assertThat(to).isGreaterThan(from);
    String now = String.join("\n", table);
    if (Boolean.getBoolean("gatun.api.record")) {
      Files.writeString(file, readme.substring(0, from) + "\n" + now + "\n" + readme.substring(to));
      return;
    }
    assertThat(readme.substring(from, to).strip()).as("record it with mvn -q -pl architecture -am test -Dgatun.api.record=true").isEqualTo(now);
  }

  private static List<String> table(String name, BackendOptions options) {
    List<String> lines = new ArrayList<>(List.of("| type | matmul weight | embedding table | quantize to | dequantize | KV cache |",
        "|---|---|---|---|---|---|"));
    try (Backend backend = Gatun.open(name, options)) {
      for (DType type : DType.values()) {
        if (type != DType.I32 && type != DType.I8) {
          Tensor w = backend.allocate(type, 2, WIDTH);
          Tensor rows = backend.allocate(DType.F32, 2, WIDTH);
          Tensor ids = backend.allocate(DType.I32, 2);
          lines.add("| " + type + " | " + matmul(backend, rows, w) + " | " + yes(backend, () -> new Embedding(ids, w, rows)) + " | "
              + yes(backend, () -> new Quantize(rows, w)) + " | " + yes(backend, () -> new Dequantize(w, rows)) + " | " + cache(backend, type) + " |");
        }
      }
    }
    return lines;
  }

  private static String matmul(Backend backend, Tensor x, Tensor w) {
    Tensor y = backend.allocate(DType.F32, 2, 2);
    boolean inPlace = backend.plan(new Matmul(x, w, y)) instanceof Plan;
    Prepared prepared = backend.prepare(w, Use.MATMUL);
    if (!(backend.plan(new Matmul(x, prepared.tensor(), y)) instanceof Plan)) {
      return "";
    }
    if (prepared.inPlace()) {
      return "in place";
    }
    return prepared.tensor().dtype() == w.dtype() ? (inPlace ? "in place or reordered" : "reordered") : "as " + prepared.tensor().dtype();
  }

  private static String yes(Backend backend, Supplier<Operator> operator) {
    try {
      return backend.plan(operator.get()) instanceof Plan ? "yes" : "";
    } catch (ShapeException e) {
      return "";
    }
  }

  private static String cache(Backend backend, DType type) {
    try (KvCache cache = backend.newKvCache(new KvCache.Spec(1, 1, 256, 256, type, 16, 1, 1, 16))) {
      return cache.spec().dtype() == type ? "yes" : "";
    } catch (GatunException e) {
      return "";
    }
  }
}
