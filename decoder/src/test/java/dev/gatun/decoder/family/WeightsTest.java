package dev.gatun.decoder.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.TensorSource;
import dev.gatun.tck.oracle.Formats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How tensors of a file become weights. */
class WeightsTest {
  @TempDir
  static Path folder;

  private static Backend cpu;
  private static Gguf gguf;

  @BeforeAll
  static void open() {
    cpu = Gatun.open("cpu");
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama");
    put(writer, "floats", DType.F32, 64);
    put(writer, "halves", DType.F16, 64);
    put(writer, "blocks", DType.Q8_0, 3, 64);
    put(writer, "row of blocks", DType.Q8_0, 64);
    Path file = folder.resolve("weights.gguf");
    writer.write(file);
    gguf = Gguf.open(file);
  }

  @AfterAll
  static void close() {
    gguf.close();
    cpu.close();
  }

  private static void put(GgufWriter writer, String name, DType type, long... shape) {
    int elements = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    MemorySegment bytes = Formats.encoded(type, IntStream.range(0, elements).mapToDouble(i -> i % 64).toArray());
    writer.tensor(name, type, shape, TensorSource.of(bytes));
  }

  @Test
  void closingGivesBackPreparedWeights() {
    Weights weights = Weights.on(cpu, gguf);
    Tensor plain = weights.vector("floats", 64);
    assertThat(weights.preparedBytes()).isZero();
    Tensor own = weights.vector("halves", 64);
    assertThat(weights.preparedBytes()).isEqualTo(256);
    weights.close();
    assertThat(own.buffer().isClosed()).isTrue();
    assertThat(plain.buffer().isClosed()).isFalse();
  }

  @Test
  void partsAreTheRowsAskedFor() {
    try (Weights weights = Weights.on(cpu, gguf)) {
      Tensor part = weights.vectorPart("floats", 64, 8, 11);
      assertThat(part.shape().sizes()).containsExactly(3);
      assertThat(floats(part)).containsExactly(8, 9, 10);
      assertThat(floats(weights.vectorPart("halves", 64, 62, 64))).containsExactly(62, 63);
      assertThat(weights.matrixPart("blocks", 3, 1, 3, 64, Use.MATMUL).shape().sizes()).containsExactly(2, 64);
      weights.vectorPart("row of blocks", 64, 32, 64);
      weights.checkAllTaken("llama");
      assertThatThrownBy(() -> weights.vectorPart("row of blocks", 64, 8, 64)).isInstanceOf(ModelException.class).hasMessageContaining("row of blocks")
          .hasMessageContaining("within a block");
      assertThatThrownBy(() -> weights.matrixPart("blocks", 4, 1, 3, 64, Use.MATMUL)).isInstanceOf(ModelException.class)
          .hasMessageContaining("blocks has shape [3, 64], the model's metadata wants [4, 64]");
    }
  }

  private static float[] floats(Tensor tensor) {
    MemorySegment bytes = tensor.buffer().host().orElseThrow().asSlice(tensor.offset(), tensor.bytes());
    return bytes.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  @Test
  void rowsOfALargeTensorAreRepeated() {
    long[] shape = {5000, 1024};
    TensorSource source = (offset, chunk) -> {
      for (long i = 0; i < chunk.byteSize(); i++) {
        chunk.set(ValueLayout.JAVA_BYTE, i, (byte) ((offset + i) * 31 >> 3));
      }
    };
    Tensor made = MadeWeights.make(cpu, Path.of("model"), new GgufTensor("w", DType.I8, shape, MemorySegment.NULL), source);
    byte[] bytes = made.buffer().host().orElseThrow().toArray(ValueLayout.JAVA_BYTE);
    made.buffer().close();
    assertThat(bytes).hasSize(5000 * 1024);
    assertThat(Arrays.copyOfRange(bytes, 4096 * 1024, 5000 * 1024)).isEqualTo(Arrays.copyOf(bytes, 904 * 1024));
    assertThat(bytes[5 * 1024]).isEqualTo((byte) (5 * 1024 * 31 >> 3));
  }
}
