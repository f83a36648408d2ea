package dev.gatun.bench.memory;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What one waits for before text comes, each once in a JVM of its own: opening a backend and a model, and then the first token of a prompt, with the compiling of its steps. The
 * file is in the system's page cache. Before that is timed, the same prompt's logits are held against those of the CPU's scalar code.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 5, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class FirstTokenBenchmark {
  private static final int CONTEXT = 256;
  private static final double MOST_ERROR = 1e-3;
  private static final int CHECKED = 4;

  /** The backend. */
  @Param("cpu")
  public String backend = "cpu";

  /** A GGUF file, or the name of a shape whose weights are made from a seed. */
  @Param("test")
  public String model = "test";

  /** The weights' type of a made model. */
  @Param("q8_0")
  public String type = "q8_0";

  /** Tokens of the prompt. */
  @Param("32")
  public int prompt = 32;

  private Path file;
  private int[] ids;
  private Backend opened;
  private Model loaded;
  private Decoder decoder;

  /** Makes the file, and looks at logits. */
  @Setup
  public void check() {
    file = file();
    ids = new int[prompt];
    try (Model known = Model.open(file)) {
      for (int i = 0; i < prompt; i++) {
        ids[i] = (i * 37 + 11) % known.dimensions().vocabulary();
      }
    }
    float[][] found;
    try (Backend one = opened(backend, BackendOptions.none())) {
      found = logits(one);
    }
    float[][] wanted;
    try (Backend plain = Gatun.open("cpu", BackendOptions.none().with("vector", "off"))) {
      wanted = logits(plain);
    }
    double off = error(found, wanted);
    if (!(off <= MOST_ERROR)) {
      throw new IllegalStateException(backend + ": the logits of " + file + " are off by an NMSE of " + off + "; the time of a token would mean nothing");
    }
  }

  private Path file() {
    if (Files.isRegularFile(Path.of(model))) {
      return Path.of(model);
    }
    ModelShape shape = ModelShape.of(model).orElseThrow(() -> new NotRunException("model=" + model + " is neither a file nor a shape; the shapes are "
        + ModelShape.all().stream().map(ModelShape::name).toList()));
    DType weights = Arrays.stream(DType.values()).filter(known -> known.label().equals(type)).findFirst()
        .orElseThrow(() -> new NotRunException("type=" + type + " is no type of weights; the types are those of gatun bench --help"));
    return SeededModel.cached(shape, weights, (done, all) -> {});
  }

  private static Backend opened(String backend, BackendOptions options) {
    try {
      return Gatun.open(backend, options);
    } catch (BackendUnavailableException e) {
      throw new NotRunException(e.getMessage());
    }
  }

  private float[][] logits(Backend on) {
    int[] some = Arrays.copyOf(ids, Math.min(CHECKED, ids.length));
    try (Model one = Model.open(file); Decoder made = new Decoder(on, one, DecoderOptions.of(CONTEXT)); Sequence sequence = made.newSequence(Sampling.greedy())) {
      return made.logits(sequence, some);
    }
  }

  private static double error(float[][] found, float[][] wanted) {
    double off = 0;
    double all = 0;
    for (int r = 0; r < wanted.length; r++) {
      for (int i = 0; i < wanted[r].length; i++) {
        off += Math.pow((double) found[r][i] - wanted[r][i], 2);
        all += Math.pow(wanted[r][i], 2);
      }
    }
    return off / all;
  }

  /** A model that is loaded, for its first token. */
  @State(Scope.Benchmark)
  public static class Loaded {
    /** Loads it. */
    @Setup(Level.Invocation)
    public void load(FirstTokenBenchmark benchmark) {
      benchmark.open();
    }
  }

  /** Opens the backend and the model, and prepares its weights. */
  @Benchmark
  public int open() {
    opened = opened(backend, BackendOptions.none());
    loaded = Model.open(file);
    decoder = new Decoder(opened, loaded, DecoderOptions.of(Math.max(CONTEXT, prompt + 1)));
    return decoder.options().context();
  }

  /** Feeds the prompt to a decoder that is open, and chooses a token. */
  @Benchmark
  public int firstToken(Loaded state) {
    try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      return decoder.feed(sequence, ids);
    }
  }

  /** Frees what was loaded. */
  @TearDown(Level.Invocation)
  public void close() {
    if (decoder != null) {
      decoder.close();
      loaded.close();
      opened.close();
      decoder = null;
    }
  }
}
