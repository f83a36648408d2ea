package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.GroupedMatmul;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.SiluMul;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the validation suite cannot see of grouped_matmul: which weights are touched, and that threads change no bit. */
class GroupedMatmulTest {
  private static final int EXPERTS = 16;
  private static final int OUT = 512;
  private static final int IN = 2048;
  private static final int EXPERT_BYTES = 4 * OUT * IN;

  @TempDir
  Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void onlyPagesOfChosenExpertsAreTouched() throws IOException {
    Path file = folder.resolve("experts");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.truncate(0);
      channel.write(java.nio.ByteBuffer.wrap(new byte[1]), (long) EXPERTS * EXPERT_BYTES - 1);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ); Arena arena = Arena.ofShared();
        Backend cpu = Gatun.open("cpu", BackendOptions.none().with("threads", "2")); Stream stream = cpu.newStream()) {
      MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, (long) EXPERTS * EXPERT_BYTES, arena);
      Tensor w = Tensor.ofHost(memory, DType.F32, EXPERTS, OUT, IN);
      Prepared prepared = cpu.prepare(w, Use.MATMUL);
      assertThat(prepared.inPlace()).isTrue();
      for (int tokens : new int[] {1, 40}) {
        Tensor chosen = cpu.allocate(DType.I32, tokens, 2);
        int[] indices = new int[2 * tokens];
        for (int t = 0; t < tokens; t++) {
          indices[2 * t] = 3;
          indices[2 * t + 1] = 11;
        }
        MemorySegment.copy(MemorySegment.ofArray(indices), 0, chosen.buffer().host().orElseThrow(), 0, 4L * indices.length);
        GroupedMatmul product = new GroupedMatmul(cpu.tensor(new float[tokens * IN], tokens, IN), prepared.tensor(), chosen, cpu.allocate(DType.F32, tokens, 2, OUT));
        long before = resident(file);
        stream.run(product);
        stream.synchronize();
        long touched = resident(file);
        assertThat(before).isLessThanOrEqualTo(2L * EXPERT_BYTES + EXPERT_BYTES / 2);
        assertThat(touched).isBetween(2L * EXPERT_BYTES, 2L * EXPERT_BYTES + EXPERT_BYTES / 2);
      }
    }
  }

  /** Bytes of the file that this process has touched through its mapping. */
  private static long resident(Path file) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    long kilobytes = 0;
    boolean within = false;
    for (String line : lines) {
      if (line.contains("-") && line.contains(" r")) {
        within = line.endsWith(file.toString());
      }
      if (within && line.startsWith("Rss:")) {
        kilobytes += Long.parseLong(line.replaceAll("\\D+", ""));
      }
    }
    return 1024 * kilobytes;
  }

  @Test
  void thePlanCountsTheExpertsThatCanBeChosen() {
    try (Backend cpu = Gatun.open("cpu")) {
      for (DType type : new DType[] {DType.F32, DType.Q4_0, DType.Q6_K}) {
        long expert = type.bytes(64L * 512);
        assertThat(bytes(cpu, type, 1, 6)).isEqualTo(6 * expert + 4 * 512 + 4 * 6 + 4 * 6 * 64);
        assertThat(bytes(cpu, type, 100, 6)).isEqualTo(32 * expert + 100 * (4 * 512 + 4 * 6 + 4 * 6 * 64));
      }
    }
  }

  private static long bytes(Backend cpu, DType type, int tokens, int top) {
    GroupedMatmul product = new GroupedMatmul(cpu.allocate(DType.F32, tokens, 512), cpu.allocate(type, 32, 64, 512), cpu.allocate(DType.I32, tokens, top),
        cpu.allocate(DType.F32, tokens, top, 64));
    try (Executable executable = cpu.compile(Program.of(product))) {
      List<Explanation.Step> steps = executable.explain().steps();
      assertThat(steps).hasSize(1);
      assertThat(steps.getFirst().flops()).isEqualTo(2L * tokens * top * 64 * 512);
      return steps.getFirst().bytes();
    }
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreadsAndInsideALayer() {
    float[][] results = new float[3][];
    int[] threads = {1, 2, 5};
    for (int i = 0; i < threads.length; i++) {
      try (Backend cpu = Gatun.open("cpu", BackendOptions.none().with("threads", String.valueOf(threads[i])))) {
        float[] few = layer(cpu, 4);
        float[] many = layer(cpu, 21);
        results[i] = Arrays.copyOf(few, few.length + many.length);
        System.arraycopy(many, 0, results[i], few.length, many.length);
      }
    }
    assertThat(results[1]).isEqualTo(results[0]);
    assertThat(results[2]).isEqualTo(results[0]);
    assertThat(results[0]).doesNotContain(Float.NaN);
  }

  /** Gate, up, gated unit over [T, K, Ff], and the gated sum of down, as one program. */
  private static float[] layer(Backend cpu, int tokens) {
    int top = 3;
    int hidden = 96;
    int ff = 160;
    int experts = 7;
    Random random = new Random(5);
    Tensor x = random(cpu, random, tokens, hidden);
    Tensor gates = random(cpu, random, tokens, top);
    Tensor chosen = cpu.allocate(DType.I32, tokens, top);
    MemorySegment to = chosen.buffer().host().orElseThrow();
    for (int i = 0; i < tokens * top; i++) {
      to.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(experts));
    }
    Tensor gate = random(cpu, random, experts, ff, hidden);
    Tensor up = random(cpu, random, experts, ff, hidden);
    Tensor down = random(cpu, random, experts, hidden, ff);
    Tensor y = cpu.allocate(DType.F32, tokens, hidden);
    Program.Builder program = Program.builder("layer").input(x, gates, chosen).output(y);
    Tensor g = program.temporary("gate", DType.F32, tokens, top, ff);
    Tensor u = program.temporary("up", DType.F32, tokens, top, ff);
    program.add(new GroupedMatmul(x, gate, chosen, g)).add(new GroupedMatmul(x, up, chosen, u)).add(new SiluMul(g, u, g))
        .add(new GroupedMatmul(g, down, chosen, Optional.of(gates), Optional.empty(), y));
    try (Executable executable = cpu.compile(program.build()); Stream stream = cpu.newStream()) {
      stream.submit(executable);
      return stream.readFloats(y);
    }
  }

  private static Tensor random(Backend cpu, Random random, long... shape) {
    int n = 1;
    for (long size : shape) {
      n *= (int) size;
    }
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return cpu.tensor(values, shape);
  }
}
