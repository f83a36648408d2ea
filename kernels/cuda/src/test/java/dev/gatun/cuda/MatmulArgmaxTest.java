package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Argmax;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.RmsNorm;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The argmax that a decoder ends with, taken while its logits are computed. */
class MatmulArgmaxTest {
  private static Backend backend;
  private static Stream stream;

  @BeforeAll
  static void open() {
    Emulator.assumeBuilt();
    backend = Gatun.open("cuda-emulated", BackendOptions.none());
    stream = backend.newStream();
  }

  @AfterAll
  static void close() {
    if (backend != null) {
      stream.close();
      backend.close();
    }
  }

  private static Tensor floats(long seed, int rows, int columns) {
    float[] values = new float[rows * columns];
    double[] drawn = Inputs.normal(seed, values.length, 1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) drawn[i];
    }
    return backend.tensor(values, rows, columns);
  }

  private static int first(float[] logits, int row, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      float value = logits[row * n + i];
      float most = logits[row * n + best];
      if (!Float.isNaN(most) && (Float.isNaN(value) || value > most)) {
        best = i;
      }
    }
    return best;
  }

  /** Runs the program and gives the ids, which are held to the logits that it wrote. */
  private static int[] chosen(Program program, int stages, Tensor logits, Tensor ids, int rows) {
    try (Executable executable = backend.compile(program)) {
      assertThat(executable.explain().steps()).as("%s", executable.explain()).hasSize(stages);
      stream.submit(executable);
      float[] values = stream.readFloats(logits);
      int[] actual = stream.readInts(ids);
      for (int r = 0; r < rows; r++) {
        assertThat(actual[r]).as("row %s", r).isEqualTo(first(values, r, Math.toIntExact(logits.size(1))));
      }
      return actual;
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 8", "1, 37, 64", "1, 5000, 16", "3, 333, 70", "8, 129, 40"})
  void theFirstOfEachRowIsFoundBesideTheLogits(int m, int n, int k) {
    Tensor x = floats(1, m, k);
    Tensor y = backend.allocate(DType.F32, m, n);
    Tensor ids = backend.allocate(DType.I32, m);
    chosen(Program.builder("logits").input(x).output(y, ids).add(new Matmul(x, floats(2, n, k), y)).add(new Argmax(y, ids)).build(), 1, y, ids, m);
  }

  @Test
  void aNormBeforeIsPartOfIt() {
    Tensor x = floats(3, 2, 96);
    Tensor y = backend.allocate(DType.F32, 2, 450);
    Tensor ids = backend.allocate(DType.I32, 2);
    Program.Builder builder = Program.builder("normed").input(x).output(y, ids);
    Tensor h = builder.temporary("h", DType.F32, 2, 96);
    chosen(builder.add(new RmsNorm(x, floats(4, 1, 96).reshape(96), 1e-5f, h)).add(new Matmul(h, floats(5, 450, 96), y)).add(new Argmax(y, ids)).build(), 1, y,
        ids, 2);
  }

  /** All logits are the same, or some are no numbers, wherever blocks meet. */
  @ParameterizedTest
  @CsvSource({"300, 300, 0", "300, 217, 217", "300, 16, 16", "300, 299, 299"})
  void theLowestIndexWinsATieAndNanAnyNumber(int n, int nan, int expected) {
    Tensor x = backend.tensor(new float[] {1, 0, 0, 0}, 1, 4);
    float[] weights = new float[n * 4];
    for (int i = 0; i < n; i++) {
      weights[i * 4] = i >= nan ? Float.NaN : 2;
    }
    Tensor y = backend.allocate(DType.F32, 1, n);
    Tensor ids = backend.allocate(DType.I32, 1);
    Program program = Program.builder("ties").input(x).output(y, ids).add(new Matmul(x, backend.tensor(weights, n, 4), y)).add(new Argmax(y, ids)).build();
    assertThat(chosen(program, 1, y, ids, 1)).containsExactly(expected);
  }

  @Test
  void onlyTheRowsThatThereAreAreChosenFor() {
    Tensor count = backend.tensor(new int[] {2}, 1);
    Tensor x = floats(6, 4, 32).withCount(count);
    Tensor y = backend.allocate(DType.F32, 4, 77);
    Tensor ids = backend.tensor(new int[] {-7, -7, -7, -7}, 4);
    Program program = Program.builder("some").input(x, count).output(y, ids)
        .add(new Matmul(x, floats(7, 77, 32), Optional.empty(), y.withCount(count))).add(new Argmax(y.withCount(count), ids.withCount(count))).build();
    int[] chosen = chosen(program, 1, y, ids, 2);
    assertThat(chosen[2]).isEqualTo(-7);
    assertThat(chosen[3]).isEqualTo(-7);
  }

  @Test
  void anArgmaxOfSomethingElseStaysByItself() {
    Tensor x = floats(8, 1, 32);
    Tensor other = floats(9, 1, 50);
    Tensor y = backend.allocate(DType.F32, 1, 50);
    Tensor ids = backend.allocate(DType.I32, 1);
    chosen(Program.builder("apart").input(x, other).output(y, ids).add(new Matmul(x, floats(10, 50, 32), y)).add(new Argmax(other, ids)).build(), 2, other, ids, 1);
  }
}
