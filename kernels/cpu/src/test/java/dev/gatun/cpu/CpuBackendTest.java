package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.ClosedException;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.ShapeException;
import dev.gatun.SiluMul;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the CPU backend does with memory, counts, weights and settings of its users. */
class CpuBackendTest {
  @TempDir
  static Path folder;

  private static Backend open(Object threads) {
    return Gatun.open("cpu", BackendOptions.none().with("threads", threads));
  }

  private static float[] run(Backend backend, Stream stream, Program program, Tensor output) {
    try (Executable executable = backend.compile(program)) {
      stream.submit(executable);
      return stream.readFloats(output);
    }
  }

  @Test
  void aCacheInBlocksTakesHeadsOfWholeBlocks() {
    try (Backend backend = Gatun.open("cpu")) {
      assertThatThrownBy(() -> backend.newKvCache(new KvCache.Spec(1, 2, 64, 40, DType.Q8_0, 16, 4, 1, 64))).isInstanceOf(ShapeException.class)
          .hasMessageContaining("keys of 64 and values of 40 elements").hasMessageContaining("blocks of 32").hasMessageContaining("F16 or BF16");
    }
  }

  @Test
  void memoryThatOneThreadOwnsIsRefusedWhereItStands() {
    try (Backend backend = open(2); Arena confined = Arena.ofConfined()) {
      Tensor w = Tensor.ofHost(confined.allocate(4 * 64, 64), DType.F32, 4, 16);
      Tensor x = backend.allocate(DType.F32, 1, 16);
      Tensor y = backend.allocate(DType.F32, 1, 4);
      assertThatThrownBy(() -> backend.compile(Program.of(new Matmul(x, w, y)))).isInstanceOf(GatunException.class)
          .hasMessageContaining("matmul").hasMessageContaining("w f32[4,16]").hasMessageContaining("Arena.ofShared()");
      assertThatThrownBy(() -> backend.prepare(w, Use.MATMUL)).isInstanceOf(GatunException.class).hasMessageContaining("Arena.ofShared()");
    }
  }

  @Test
  void memoryOfAClosedArenaIsRefused() {
    try (Backend backend = open(2)) {
      Arena arena = Arena.ofShared();
      Tensor w = Tensor.ofHost(arena.allocate(4 * 64, 64), DType.F32, 4, 16);
      arena.close();
      assertThatThrownBy(() -> backend.prepare(w, Use.MATMUL)).isInstanceOf(ClosedException.class).hasMessageContaining("arena");
    }
  }

  @Test
  void memoryOfAJavaArrayIsCopiedByPrepareAndRefusedElsewhere() {
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      float[] values = {1, 2, 3, 4};
      Tensor w = Tensor.ofHost(MemorySegment.ofArray(values), DType.F32, 2, 2);
      Tensor x = backend.tensor(new float[] {1, 10}, 1, 2);
      Tensor y = backend.allocate(DType.F32, 1, 2);
      assertThatThrownBy(() -> stream.run(new Matmul(x, w, y))).isInstanceOf(GatunException.class).hasMessageContaining("Java array");
      Prepared prepared = backend.prepare(w, Use.MATMUL);
      stream.run(new Matmul(x, prepared.tensor(), y));
      assertThat(stream.readFloats(y)).containsExactly(21, 43);
      assertThat(prepared.bytes()).isEqualTo(16);
    }
  }

  @Test
  void aCountOnTheResultAloneIsKept() {
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      Tensor count = backend.tensor(new int[] {2}, 1);
      Tensor x = backend.tensor(new float[] {1, 2, 3, 4}, 4, 1);
      Tensor w = backend.tensor(new float[] {10}, 1, 1);
      Tensor y = backend.tensor(new float[] {-1, -1, -1, -1}, 4, 1);
      stream.run(new Matmul(x, w, y.withCount(count)));
      assertThat(stream.readFloats(y)).containsExactly(10, 20, -1, -1);
    }
  }

  @Test
  void aResidualThatVariesKeepsItsCount() {
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      Tensor count = backend.tensor(new int[] {1}, 1);
      Tensor x = backend.tensor(new float[] {1, 2}, 2, 1);
      Tensor w = backend.tensor(new float[] {10}, 1, 1);
      Tensor residual = backend.tensor(new float[] {1, 1}, 2, 1);
      Tensor y = backend.tensor(new float[] {-1, -1}, 2, 1);
      Program.Builder builder = Program.builder("counts").input(x, count, residual).output(y);
      Tensor product = builder.temporary("product", DType.F32, 2, 1);
      builder.add(new Matmul(x, w, product)).add(new Add(product, residual.withCount(count), y.withCount(count)));
      assertThat(run(backend, stream, builder.build(), y)).containsExactly(11, -1);
    }
  }

  @Test
  void aMatmulThatVariesLeavesItsNeighbourOverTheSameRowsWhole() {
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      Tensor count = backend.tensor(new int[] {1}, 1);
      Tensor x = backend.tensor(new float[] {1, 2}, 2, 1);
      Tensor w = backend.tensor(new float[] {10}, 1, 1);
      Tensor whole = backend.tensor(new float[] {-1, -1}, 2, 1);
      Tensor varying = backend.tensor(new float[] {-1, -1}, 2, 1);
      Program.Builder builder = Program.builder("neighbours").input(x, count).output(whole, varying);
      builder.add(new Matmul(x, w, whole)).add(new Matmul(x, w, varying.withCount(count)));
      assertThat(run(backend, stream, builder.build(), whole)).containsExactly(10, 20);
      assertThat(stream.readFloats(varying)).containsExactly(10, -1);
    }
  }

  @Test
  void aMatmulThatReadsTheResultOfTheOneBeforeAsItsBiasWaitsForIt() {
    int n = 512;
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(floats(Inputs.normal(1, 64, 1)), 1, 64);
      Tensor w1 = backend.tensor(floats(Inputs.normal(2, n * 64, 1)), n, 64);
      Tensor w2 = backend.tensor(floats(Inputs.normal(3, n * 64, 1)), n, 64);
      Tensor first = backend.allocate(DType.F32, 1, n);
      Tensor y = backend.allocate(DType.F32, 1, n);
      Program.Builder builder = Program.builder("chain").input(x).output(first, y);
      builder.add(new Matmul(x, w1, first)).add(new Matmul(x, w2, Optional.of(first.reshape(n)), y));
      try (Executable executable = backend.compile(builder.build())) {
        assertThat(executable.explain().steps()).hasSize(2);
        for (int i = 0; i < 20; i++) {
          stream.submit(executable);
          float[] a = stream.readFloats(first);
          float[] sum = stream.readFloats(y);
          stream.run(new Matmul(x, w2, y));
          float[] b = stream.readFloats(y);
          for (int j = 0; j < n; j++) {
            assertThat(sum[j]).isEqualTo(b[j] + a[j]);
          }
        }
      }
    }
  }

  @Test
  void aGatedUnitWrittenOverItsWeightsInputIsNotFused() {
    try (Backend backend = open(2); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2, 3, 4}, 1, 4);
      Tensor w = backend.tensor(floats(Inputs.normal(5, 16, 1)), 4, 4);
      Tensor expected = backend.allocate(DType.F32, 1, 4);
      assertThat(gated(backend, stream, x, w, expected)).isEqualTo(gated(backend, stream, x, w, x));
    }
  }

  private static float[] gated(Backend backend, Stream stream, Tensor x, Tensor w, Tensor y) {
    Program.Builder builder = Program.builder("gated").input(x).output(y);
    Tensor gate = builder.temporary("gate", DType.F32, 1, 4);
    Tensor up = builder.temporary("up", DType.F32, 1, 4);
    builder.add(new Matmul(x, w, gate)).add(new Matmul(x, w, up)).add(new SiluMul(gate, up, y));
    return run(backend, stream, builder.build(), y);
  }

  @Test
  void anEmptySumIsTheBias() {
    try (Backend backend = open(1); Stream stream = backend.newStream()) {
      Tensor bias = backend.tensor(new float[] {5, 6}, 2);
      Tensor y = backend.tensor(new float[] {-1, -1, -1, -1}, 2, 2);
      stream.run(new Matmul(backend.allocate(DType.F32, 2, 0), backend.allocate(DType.F32, 2, 0), Optional.of(bias), y));
      assertThat(stream.readFloats(y)).containsExactly(5, 6, 5, 6);
    }
  }

  @Test
  void preparingAWeightOfAPrivateMappingKeepsWhatWasWrittenToIt() throws IOException {
    int k = 512;
    MemorySegment weights = Formats.encoded(DType.Q4_0, Inputs.normal(9, 2 * k, 1));
    Path file = Files.write(folder.resolve("weights"), weights.toArray(ValueLayout.JAVA_BYTE));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE); Arena arena = Arena.ofShared();
        Backend backend = open(2)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.PRIVATE, 0, weights.byteSize(), arena);
      mapped.set(ValueLayout.JAVA_BYTE, 100, (byte) ~mapped.get(ValueLayout.JAVA_BYTE, 100));
      byte[] before = mapped.toArray(ValueLayout.JAVA_BYTE);
      backend.prepare(Tensor.ofHost(mapped, DType.Q4_0, 2, k), Use.MATMUL);
      assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    }
  }

  @Test
  void aPreparedWeightGivesTheProductOfThePlainOne() {
    int k = 1024;
    int n = 37;
    try (Backend backend = open(2); Stream stream = backend.newStream(); Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(DType.Q4_0.bytes((long) n * k), 64).copyFrom(Formats.encoded(DType.Q4_0, Inputs.normal(4, n * k, 1)));
      Tensor w = Tensor.ofHost(bytes, DType.Q4_0, n, k);
      Prepared prepared = backend.prepare(w, Use.MATMUL);
      for (int m : List.of(1, 3)) {
        Tensor x = backend.tensor(floats(Inputs.normal(6, m * k, 1)), m, k);
        Tensor y = backend.allocate(DType.F32, m, n);
        stream.run(new Matmul(x, w, y));
        float[] plain = stream.readFloats(y);
        stream.run(new Matmul(x, prepared.tensor(), y));
        float[] other = stream.readFloats(y);
        double error = 0;
        double squares = 0;
        for (int i = 0; i < plain.length; i++) {
          error += Math.pow(plain[i] - other[i], 2);
          squares += Math.pow(plain[i], 2);
        }
        assertThat(error / squares).as("%d rows", m).isLessThan(m == 1 ? 1e-4 : 1e-10);
      }
    }
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> open(200_000)).isInstanceOf(GatunException.class).hasMessageContaining("threads is 200000");
    assertThatThrownBy(() -> Gatun.open("cpu", BackendOptions.none().with("device", 1))).isInstanceOf(GatunException.class).hasMessageContaining("device is 0");
    assertThatThrownBy(() -> open("many")).isInstanceOf(GatunException.class).hasMessageContaining("'many'");
    assertThatThrownBy(() -> Gatun.open("cpu", BackendOptions.none().with("nosuch", 1))).isInstanceOf(GatunException.class)
        .hasMessageContaining("nosuch").hasMessageContaining("threads");
  }

  @Test
  void anExplanationGivesReasonsForWhatWasNotTaken() {
    try (Backend backend = open(1)) {
      Tensor x = backend.allocate(DType.F32, 1, 96);
      Tensor y = backend.allocate(DType.F32, 1, 4);
      Tensor w = Tensor.of(backend.allocate(DType.Q4_0.bytes(4 * 96)), 0, DType.Q4_0, Shape.of(4, 96));
      try (Executable executable = backend.compile(Program.of(new Matmul(x, w, y)))) {
        assertThat(executable.explain().steps().getFirst().rejected()).anyMatch(
            reason -> reason.contains(CpuProvider.hasVectorModule() ? "no multiple of 512" : "jdk.incubator.vector"));
      }
    }
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
