package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Matmul;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cpu.library.NativeKernels.Outcome;
import dev.gatun.cpu.matmul.MatmulKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which kernels in C are taken, and what they are kept from; what they compute is tested with the kernels in Java. */
class NativeKernelsTest {
  private static final Outcome ABSENT = new Outcome(Optional.empty(), "there is no library");

  private static NativeLevel best() {
    NativeKernels kernels = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(kernels.level().isPresent(), kernels::toString);
    return kernels.level().orElseThrow();
  }

  private static Backend open(String nativeOption) {
    return Gatun.open("cpu", BackendOptions.none().with("threads", 1).with("native", nativeOption));
  }

  @Test
  void whereThereIsNoLibraryOnlyAskingForALevelFails() {
    NativeKernels none = NativeKernels.of(Optional.empty(), ABSENT);
    assertThat(none).hasToString("off: there is no library");
    assertThat(none.kernel(DType.Q8_0)).isEmpty();
    assertThat(none.reason(DType.Q8_0)).isEqualTo("there is no library");
    assertThatThrownBy(() -> NativeKernels.of(Optional.of(NativeLevel.AVX2), ABSENT)).isInstanceOf(GatunException.class)
        .hasMessage("cpu: option native is avx2, but there is no library");
  }

  @Test
  void aWordThatIsNoSettingIsRefusedWithThoseThatAre() {
    assertThatThrownBy(() -> open("sse2")).isInstanceOf(GatunException.class).hasMessageContaining("auto, off or a level of avx2, avx512")
        .hasMessageContaining("'sse2'");
  }

  @Test
  void theBestLevelIsTheHighestThatTheProcessorRuns() {
    assertThat(NativeLevel.atMost(0)).isEmpty();
    assertThat(NativeLevel.atMost(2)).contains(NativeLevel.AVX2);
    assertThat(NativeLevel.atMost(3)).contains(NativeLevel.AVX512);
    assertThat(NativeLevel.atMost(9)).contains(NativeLevel.AVX512);
    NativeLevel best = best();
    assertThat(NativeKernels.of(best.label()).level()).contains(best);
    for (NativeLevel above : Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best) > 0).toList()) {
      assertThatThrownBy(() -> NativeKernels.of(above.label())).isInstanceOf(GatunException.class).hasMessageContaining(above.label() + ", which this processor does not run")
          .hasMessageContaining(best.label());
    }
  }

  @Test
  void theDeviceTellsWhatIsTakenAndWhyNot() {
    NativeLevel best = best();
    try (Backend backend = open("auto")) {
      assertThat(backend.device().facts().get("native")).matches(best.label() + " \\((gcc|clang) [0-9.]+\\)");
    }
    try (Backend backend = open("off")) {
      assertThat(backend.device().facts()).containsEntry("native", "off: the option native is off");
    }
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("vector", "off").with("native", "auto"))) {
      assertThat(backend.device().facts().get("native")).startsWith("off: the option vector is off");
    }
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("vector", "off").with("native", best.label()))) {
      assertThat(backend.device().facts().get("native")).startsWith(best.label());
    }
  }

  @Test
  void anExplanationNamesTheKernelTakenAndWhatWasNot() {
    NativeLevel best = best();
    try (Backend backend = open("auto"); Backend without = open("off")) {
      assertThat(explained(backend, DType.Q8_0).kernel()).isEqualTo("matmul_q8_0_" + best.label());
      assertThat(explained(backend, DType.Q8_0).rejected()).containsExactly("vector: a kernel in C reads Q8_0; the option native=off leaves it out");
      assertThat(explained(backend, DType.F8_E4M3).kernel()).isEqualTo("matmul_f8_e4m3_vector");
      assertThat(explained(backend, DType.F8_E4M3).rejected()).contains("native: no C kernel of " + best.label() + " reads F8_E4M3");
      assertThat(explained(without, DType.Q8_0).kernel()).isEqualTo("matmul_q8_0_vector");
      assertThat(explained(without, DType.Q8_0).rejected()).contains("native: the option native is off");
    }
  }

  private static Explanation.Step explained(Backend backend, DType type) {
    Tensor w = Tensor.of(backend.allocate(type.bytes(4 * 512)), 0, type, Shape.of(4, 512));
    try (Executable executable = backend.compile(Program.of(new Matmul(backend.allocate(DType.F32, 1, 512), w, backend.allocate(DType.F32, 1, 4))))) {
      return executable.explain().steps().getFirst();
    }
  }

  @Test
  void aWeightThatCReadsStaysWhereItLies() {
    NativeKernels kernels = NativeKernels.of(best().label());
    try (Backend backend = open("auto"); Arena arena = Arena.ofShared()) {
      for (DType type : DType.values()) {
        if (kernels.kernel(type).isPresent()) {
          Tensor w = Tensor.ofHost(arena.allocate(type.bytes(2 * 512), 64), type, 2, 512);
          Prepared prepared = backend.prepare(w, Use.MATMUL);
          assertThat(prepared.inPlace()).as("%s", type).isTrue();
        }
      }
    }
  }

  @Test
  void rowsOutsideOfTheirMemoryAreRefusedBeforeTheCall() {
    NativeLevel best = best();
    MatmulKernel kernel = NativeKernels.of(best.label()).kernel(DType.Q8_0).orElseThrow();
    int k = 64;
    long actRow = kernel.activationBytes(k);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(3 * 4 * k);
      MemorySegment act = arena.allocate(3 * actRow, 64);
      MemorySegment w = arena.allocate(5 * 68);
      MemorySegment y = arena.allocate(3 * 20);
      kernel.activate(x, 0, 4 * k, 3, k, act, 0, 0, 3);
      kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, 0, 5, y, 0, 20);
      String name = "matmul_q8_0_" + best.label() + ": rows ";
      refused(name, "x", () -> kernel.activate(x, 4, 4 * k, 3, k, act, 0, 0, 3));
      refused(name, "x", () -> kernel.activate(x, -4, 4 * k, 3, k, act, 0, 0, 3));
      refused(name, "act", () -> kernel.activate(x, 0, 4 * k, 3, k, act, 64, 0, 3));
      refused(name, "act", () -> kernel.multiply(act, 64, actRow, 3, w, 0, 68, k, 0, 5, y, 0, 20));
      refused(name, "act", () -> kernel.multiply(act, 0, Long.MAX_VALUE & -64, 3, w, 0, 68, k, 0, 5, y, 0, 20));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, 0, 6, y, 0, 24));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, 1, 68, k, 0, 5, y, 0, 20));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, 0, -68, k, 0, 5, y, 0, 20));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, Long.MAX_VALUE, 68, k, 0, 5, y, 0, 20));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, 0, Long.MAX_VALUE / 2, k, 0, 5, y, 0, 20));
      refused(name, "w", () -> kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, -1, 5, y, 4, 20));
      refused(name, "y", () -> kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, 0, 5, y, 4, 20));
      refused(name, "y", () -> kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, 0, 5, y, 0, 21));
      // Nothing is touched where there is nothing to do.
      kernel.multiply(act, 0, actRow, 0, w, 0, 68, k, 0, 5, MemorySegment.NULL, 0, 20);
      kernel.multiply(act, 0, actRow, 3, w, 0, 68, k, 2, 2, MemorySegment.NULL, 0, 20);
    }
  }

  private static void refused(String name, String operand, Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith(name).hasMessageContaining(" of " + operand + ", ");
  }

  @Test
  void memoryThatCMustNotHaveIsRefused() {
    MatmulKernel kernel = NativeKernels.of(best().label()).kernel(DType.F32).orElseThrow();
    MatmulKernel rounding = NativeKernels.of(best().label()).kernel(DType.Q8_0).orElseThrow();
    MemorySegment closed;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment m = arena.allocate(1024, 64);
      closed = m;
      assertThatThrownBy(() -> kernel.multiply(MemorySegment.ofArray(new float[16]), 0, 64, 1, m, 0, 64, 16, 0, 1, m, 0, 4))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("act lies in a Java array");
      assertThatThrownBy(() -> kernel.multiply(m, 0, 64, 1, m, 0, 64, 16, 0, 1, m.asReadOnly(), 0, 4)).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("y is read-only");
      assertThatThrownBy(() -> rounding.activate(m, 0, 128, 1, 32, m, 132, 0, 1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("multiples of 64");
    }
    assertThatThrownBy(() -> kernel.multiply(closed, 0, 64, 1, closed, 0, 64, 16, 0, 1, closed, 0, 4)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsNoSuchLibraryIsRefusedWithTheReason() {
    assertThatThrownBy(() -> NativeLibrary.load(Path.of("/nowhere/library.so"), "gcc")).isInstanceOf(NotLoaded.class).hasMessageContaining("/nowhere/library.so")
        .hasMessageContaining("-Dgatun.cache");
    Optional<Path> other = java("lib/libjava.so");
    if (other.isPresent()) {
      assertThatThrownBy(() -> NativeLibrary.load(other.get(), "gcc")).isInstanceOf(NotLoaded.class).hasMessageContaining("lacks gatun_cpu_abi, ");
    }
  }

  private static Optional<Path> java(String name) {
    return Optional.of(Path.of(System.getProperty("java.home"), name)).filter(Files::isRegularFile);
  }
}
