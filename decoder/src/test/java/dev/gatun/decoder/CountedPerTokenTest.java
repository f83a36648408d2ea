package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a decoded token takes, in counts that no other work on the machine changes: bytes of the Java heap, calls of the driver, bytes of weights. */
class CountedPerTokenTest {
  private static final com.sun.management.ThreadMXBean THREADS = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int TOKENS = 200;
  /** Of the rounds that the JIT compiler is given; most machines need a tenth. */
  private static final int ROUNDS = 600;
  private static final int FIRST_COUNTED = 5;
  private static final Sampling PENALIZED = new Sampling(1.5f, 40, 0.95f, 0.01f, 1.3f, 0.2f, 0.1f, 7);

  @TempDir
  static Path folder;

  private static Path file;

  @BeforeAll
  static void write() {
    file = folder.resolve("test.gguf");
    SeededModel.write(file, ModelShape.of("test").orElseThrow(), DType.Q8_0, 1, (done, all) -> {});
  }

  @Test
  void aTokenOnTheCpuAllocatesNothing() {
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("vector", "off").with("threads", 2))) {
      assertThat(leastAllocated(file, backend, Sampling.greedy())).isZero();
    }
  }

  /** In a JVM of its own: what other tests ran before decides what C2 inlines, and a vector that crosses a call is an object. */
  @Test
  void aTokenOnTheVectorApiAllocatesNothing() throws Exception {
    assertThat(leastAlone("off")).isEqualTo("least: 0");
  }

  /** On the Vector API again where no kernels in C are found. */
  @Test
  void aTokenOnKernelsInCAllocatesNothing() throws Exception {
    assertThat(leastAlone("auto")).isEqualTo("least: 0");
  }

  private static String leastAlone(String kernelsInC) throws Exception {
    Process alone = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), CountedPerTokenTest.class.getName(), file.toString(),
        kernelsInC)
        .redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String told = new String(alone.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(alone.waitFor()).isZero();
    return told.strip();
  }

  /** Decodes with the model in a file, with such kernels in C, and says the least bytes that a round allocated. */
  public static void main(String[] words) {
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("threads", 2).with("native", words[1]))) {
      System.out.println("least: " + leastAllocated(Path.of(words[0]), backend, Sampling.greedy()));
    }
  }

  @Test
  void aDrawnAndPenalizedTokenAllocatesNothing() {
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("vector", "off").with("threads", 1))) {
      assertThat(leastAllocated(file, backend, PENALIZED)).isZero();
    }
  }

  @Test
  void aTokenOnADeviceAllocatesNothing() {
    EmulatorCalls.assumeBuilt();
    try (Backend backend = Gatun.open("cuda-emulated")) {
      assertThat(leastAllocated(file, backend, Sampling.greedy())).isZero();
    }
  }

  /** The bytes that the decoding threads allocated in the best of many rounds of tokens, without its first ones: it is zero once everything is compiled. */
  private static long leastAllocated(Path file, Backend backend, Sampling sampling) {
    long least = Long.MAX_VALUE;
    try (Model model = Model.open(file); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(256))) {
      long[] allocated = new long[TOKENS];
      int[] count = new int[1];
      long[] ids = decodingThreads();
      Predicate<int[]> goesOn = _ -> {
        allocated[count[0]++] = THREADS.getCurrentThreadAllocatedBytes();
        return true;
      };
      for (int round = 0; round < ROUNDS && least != 0; round++) {
        try (Sequence sequence = decoder.newSequence(sampling)) {
          int[] first = {decoder.feed(sequence, 1, 30, 200, 17)};
          count[0] = 0;
          long others = helpers(ids);
          decoder.follow(List.of(sequence), first, TOKENS, goesOn);
          assertThat(count[0]).isEqualTo(TOKENS);
          least = Math.min(least, allocated[TOKENS - 1] - allocated[FIRST_COUNTED] + helpers(ids) - others);
        }
      }
    }
    return least;
  }

  private static long[] decodingThreads() {
    return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("gatun-cpu-")).mapToLong(Thread::threadId).toArray();
  }

  private static long helpers(long[] ids) {
    return LongStream.of(THREADS.getThreadAllocatedBytes(ids)).sum();
  }

  @Test
  void aTokenOnADeviceIsOneLaunchAndAtMostTwelveCalls() {
    EmulatorCalls.assumeBuilt();
    try (Backend backend = Gatun.open("cuda-emulated"); Model model = Model.open(file);
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(256)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      EmulatorCalls calls = new EmulatorCalls(backend);
      int[] first = {decoder.feed(sequence, 1, 30, 200, 17)};
      List<Long> launches = new ArrayList<>();
      List<Long> all = new ArrayList<>();
      decoder.follow(List.of(sequence), first, 48, _ -> {
        launches.add(calls.of("cuGraphLaunch"));
        all.add(calls.ofAll());
        return true;
      });
      for (int i = 8; i < 40; i++) {
        assertThat(launches.get(i) - launches.get(i - 1)).as("launches of token %d", i).isEqualTo(1);
        assertThat(all.get(i) - all.get(i - 1)).as("calls of token %d", i).isBetween(6L, 12L);
      }
    }
  }

  @Test
  void aTokenReadsEveryMatrixOnce() {
    long block = 64 * 64 + 2 * 32 * 64 + 64 * 64 + 3 * 160 * 64;
    long weights = 2 * block + 512 * 64;
    long norms = 5 * 64 * 4;
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64))) {
      assertThat(decoder.weightBytesPerToken()).isEqualTo(weights / 32 * 34 + norms);
    }
  }
}
