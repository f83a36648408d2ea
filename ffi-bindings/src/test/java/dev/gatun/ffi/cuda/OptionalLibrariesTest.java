package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The optional libraries through stand-ins that a C compiler makes; most machines have none of the real ones. */
class OptionalLibrariesTest {
  private static final String UUID = "GPU-00000000-0000-0000-0000-000000000001";

  @TempDir
  static Path folder;

  private static Path library;

  @BeforeAll
  static void compile() throws IOException, InterruptedException {
    library = folder.resolve("liboptional.so");
    Process compiler;
    try {
      compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library.toString(), source().toString())
          .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    } catch (IOException e) {
      abort("no C compiler: " + e.getMessage());
      return;
    }
    assertThat(compiler.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(compiler.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();
  }

  @Test
  void aMissingLibraryIsAbsent() {
    Path missing = folder.resolve("nothing.so");
    assertThat(Nvrtc.find(missing)).isEmpty();
    assertThat(Nvml.find(missing)).isEmpty();
    assertThat(Nvtx.find(missing)).isEmpty();
    assertThat(Cublas.find(missing)).isEmpty();
  }

  @Test
  void nvrtcCompilesWithItsOptions() {
    Nvrtc nvrtc = Nvrtc.find(library).orElseThrow();
    assertThat(nvrtc.version()).isEqualTo(13010);
    assertThat(new String(nvrtc.ptx("good", "k.cu", "--gpu-architecture=compute_80", "--fmad=false"), StandardCharsets.US_ASCII))
        .isEqualTo("--gpu-architecture=compute_80\n--fmad=false\ngood\0");
    assertThat(number("gatun_test_live_programs")).isZero();
  }

  @Test
  void whatNvrtcRefusesComesWithItsLogAndLeavesNoProgram() {
    Nvrtc nvrtc = Nvrtc.find(library).orElseThrow();
    assertThatThrownBy(() -> nvrtc.ptx("bad line", "k.cu")).isInstanceOf(LibraryException.class)
        .hasMessage("nvrtcCompileProgram: NVRTC_ERROR_COMPILATION (6), in " + library + "; k.cu(1): error: bad line");
    assertThatThrownBy(() -> nvrtc.ptx("good", "k.cu", "nonsense")).isInstanceOf(LibraryException.class)
        .hasMessageContaining("NVRTC_ERROR_INVALID_OPTION (5)").hasMessageContaining("k.cu with nonsense");
    assertThatThrownBy(() -> nvrtc.cubin("good", "k.cu")).isInstanceOf(CudaUnavailableException.class).hasMessageContaining("nvrtcGetCUBINSize is not in ");
    assertThat(number("gatun_test_live_programs")).isZero();
  }

  @Test
  void nvmlTellsWhatTheDeviceTells() {
    Nvml nvml = Nvml.find(library).orElseThrow();
    assertThat(nvml.driverVersion()).isEqualTo("580.65.06");
    Nvml.Unit unit = nvml.unit(UUID).orElseThrow();
    assertThat(unit.name()).isEqualTo("NVIDIA Test");
    assertThat(unit.watts()).hasValue(312.5);
    assertThat(unit.celsius()).hasValue(41);
    assertThat(unit.multiprocessorMegahertz()).hasValue(1980);
    assertThat(unit.memoryMegahertz()).isEmpty();
    assertThat(nvml.unit("GPU-none")).isEmpty();
  }

  @Test
  void rangesNest() {
    Nvtx nvtx = Nvtx.find(library).orElseThrow();
    try (Nvtx.Range step = nvtx.range("step")) {
      assertThat(step).isNotNull();
      assertThat(nvtx.push("matmul")).isEqualTo(1);
      assertThat(nvtx.pop()).isEqualTo(1);
    }
    assertThat(nvtx.push("next")).isZero();
    assertThat(nvtx.pop()).isZero();
  }

  @Test
  void cublasMultipliesByRows() {
    Cuda cuda = Emulator.cuda();
    int m = 3;
    int n = 5;
    int k = 7;
    Random random = new Random(17);
    try (Context context = cuda.device(0).primaryContext(); Stream stream = Stream.wrap(context, 0); Arena arena = Arena.ofConfined();
        Cublas.Session session = Cublas.find(library).orElseThrow().session(stream)) {
      assertThat(session.version()).isEqualTo(130001);
      float[] x = floats(random, m * k);
      float[] w = floats(random, n * k);
      MemorySegment y = arena.allocate(ValueLayout.JAVA_FLOAT, m * n);
      session.linear(Cublas.Type.F32, m, n, k, arena.allocateFrom(ValueLayout.JAVA_FLOAT, x).address(),
          arena.allocateFrom(ValueLayout.JAVA_FLOAT, w).address(), y.address());
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          for (int p = 0; p < k; p++) {
            sum += (double) x[i * k + p] * w[j * k + p];
          }
          assertThat((double) y.getAtIndex(ValueLayout.JAVA_FLOAT, i * n + j)).as("[%d, %d]", i, j).isCloseTo(sum, within(1e-5));
        }
      }
      assertThatThrownBy(() -> session.linear(Cublas.Type.F16, m, n, k, 16, 16, 16)).isInstanceOf(LibraryException.class)
          .hasMessageContaining("cublasGemmEx: an unsupported value").hasMessageContaining("device 0");
    }
    assertThat(number("gatun_test_sessions")).isZero();
  }

  @Test
  void aSessionThatCannotUseItsStreamLeavesNothing() {
    Cuda cuda = Emulator.cuda();
    try (Context context = cuda.device(0).primaryContext(); Stream stream = context.newStream()) {
      Cublas cublas = Cublas.find(library).orElseThrow();
      assertThatThrownBy(() -> cublas.session(stream)).isInstanceOf(LibraryException.class).hasMessageContaining("cublasSetStream_v2");
      assertThat(number("gatun_test_sessions")).isZero();
    }
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  @SuppressWarnings("restricted")
  private static int number(String function) {
    MemorySegment code = SymbolLookup.libraryLookup(library, Arena.global()).find(function).orElseThrow();
    try {
      return (int) Linker.nativeLinker().downcallHandle(code, FunctionDescriptor.of(ValueLayout.JAVA_INT)).invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static Path source() {
    return Optional.of(Path.of("src/test/c/optional_libraries.c")).filter(Files::exists)
        .orElseThrow(() -> new IllegalStateException("the tests run in the module's folder"));
  }
}
