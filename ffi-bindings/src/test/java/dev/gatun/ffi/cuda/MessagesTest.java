package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
  @TempDir
  Path folder;

  @Test
  void anErrorIsOneLineWithCallNameTextDeviceAndAdvice() {
    CudaException e = new CudaException("cuMemAlloc_v2", 2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory", "device 0 (NVIDIA X)", "64 bytes were asked for");

    assertThat(e).hasMessage("cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory, on device 0 (NVIDIA X); 64 bytes were asked for."
        + " Free device memory, or ask for less of it.");
    assertThat(e.isSticky()).isFalse();
    assertThat(e.call()).isEqualTo("cuMemAlloc_v2");
    assertThat(e.errorName()).isEqualTo("CUDA_ERROR_OUT_OF_MEMORY");
    assertThat(e.errorText()).isEqualTo("out of memory");
    assertThat(e.device()).isEqualTo("device 0 (NVIDIA X)");
    assertThat(e.code()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {214, 700, 702, 710, 714, 715, 716, 717, 718, 719})
  void anErrorThatEndsTheProcesssUseOfTheDeviceSaysSo(int code) {
    CudaException e = new CudaException("cuStreamSynchronize", code, "CUDA_ERROR", "", "device 0", "");
    assertThat(e.isSticky()).isTrue();
    assertThat(e).hasMessageEndingWith("This process cannot use the device any more; start a new one.");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 100, 200, 209, 400, 500, 600, 701, 709, 801, 900, 910})
  void anErrorThatCanBeRecoveredFromIsNotSticky(int code) {
    assertThat(new CudaException("cuMemAlloc_v2", code, "CUDA_ERROR", "", "device 0", "").isSticky()).isFalse();
  }

  @Test
  void aLibraryThatIsNotThereIsNamedWithItsReason() {
    Path missing = folder.resolve("libcuda.so.1");
    assertThatThrownBy(() -> Cuda.load(missing)).isInstanceOf(CudaUnavailableException.class)
        .hasMessageStartingWith("no CUDA driver: " + missing + ": no such file. ").hasMessageContaining("-Dgatun.cuda.library");
    assertThatThrownBy(() -> Cuda.load(folder)).isInstanceOf(CudaUnavailableException.class).hasMessageContaining("is a folder");
  }

  @Test
  void aFileThatIsNoLibraryIsSaidToBeNone() throws IOException {
    Path text = Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
    assertThatThrownBy(() -> Cuda.load(text)).isInstanceOf(CudaUnavailableException.class).hasMessageStartingWith("no CUDA driver: " + text + ": ")
        .hasMessageContaining(System.getProperty("os.name").equals("Linux") ? "is no ELF file" : "");
  }

  @Test
  void theLibraryOfThePropertyIsTheOnlyOneTried() {
    String before = System.getProperty(Cuda.LIBRARY_PROPERTY);
    System.setProperty(Cuda.LIBRARY_PROPERTY, "libgatun-nowhere.so");
    try {
      assertThatThrownBy(Cuda::load).isInstanceOf(CudaUnavailableException.class).hasMessageStartingWith("no CUDA driver: libgatun-nowhere.so: ")
          .hasMessageNotContaining("libcuda.so.1:");
    } finally {
      if (before == null) {
        System.clearProperty(Cuda.LIBRARY_PROPERTY);
      } else {
        System.setProperty(Cuda.LIBRARY_PROPERTY, before);
      }
    }
  }

  @Test
  void withoutADriverEveryPlaceIsNamed() {
    try {
      assertThat(Cuda.load().driverVersion()).isPositive();
    } catch (CudaUnavailableException e) {
      assertThat(e).hasMessageContaining("libcuda.so.1: ").hasMessageContaining("; /usr/lib/wsl/lib/libcuda.so.1: ").hasMessageContaining("; nvcuda.dll: ")
          .hasMessageContaining("Install the NVIDIA driver");
    }
  }

  @Test
  void aDriverThatIsTooOldIsNamedBesideTheOneNeeded() {
    assertThat(DriverRelease.tooOld("gatun-cuda-kernels", 13000, 12040, "libcuda.so.1", Optional.of("550.54.15")))
        .isEqualTo("gatun-cuda-kernels needs a driver for CUDA 13.0 (R580 or newer); found one for CUDA 12.4 (550.54.15) in libcuda.so.1."
            + " Install a newer NVIDIA driver.");
    assertThat(DriverRelease.tooOld("x", 12070, 12010, "l", Optional.empty())).startsWith("x needs a driver for CUDA 12.7 (R560 or newer); found one");
  }

  @Test
  void aHandleIsGivenBackOnce() {
    Handle handle = Handle.owned("Stream", 42);
    assertThat(handle.get()).isEqualTo(42);
    assertThat(handle.take()).isEqualTo(42);
    assertThat(handle.take()).isZero();
    assertThatThrownBy(handle::get).isInstanceOf(IllegalStateException.class).hasMessage("Stream is used after it was closed");
    assertThatThrownBy(() -> Handle.foreign("Event", 0)).isInstanceOf(IllegalArgumentException.class).hasMessage("Event has a null address");
  }

  @Test
  void aFatbinThatPromisesMoreThanThereIsIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment fatbin = arena.allocate(64, 8);
      fatbin.set(ValueLayout.JAVA_INT, 0, 0xba55ed50);
      fatbin.set(ValueLayout.JAVA_SHORT, 4, (short) 1);
      fatbin.set(ValueLayout.JAVA_SHORT, 6, (short) 16);
      fatbin.set(ValueLayout.JAVA_LONG, 8, 48);
      assertThat(ModuleImage.loadable(fatbin, arena).address()).isEqualTo(fatbin.address());

      fatbin.set(ValueLayout.JAVA_LONG, 8, 49);
      assertThatThrownBy(() -> ModuleImage.loadable(fatbin, arena)).isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the fatbin is cut short: its header promises 65 bytes, the image has 64");
      fatbin.set(ValueLayout.JAVA_LONG, 8, Long.MAX_VALUE);
      assertThatThrownBy(() -> ModuleImage.loadable(fatbin, arena)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> ModuleImage.loadable(fatbin.asSlice(0, 9), arena)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> ModuleImage.loadable(fatbin.asSlice(0, 0), arena)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("empty");
    }
  }

  @Test
  void textGetsTheNulThatEndsIt() {
    try (Arena arena = Arena.ofConfined()) {
      byte[] ptx = ".version 8.0".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      MemorySegment image = ModuleImage.loadable(MemorySegment.ofArray(ptx), arena);
      assertThat(image.isNative()).isTrue();
      assertThat(image.getString(0)).isEqualTo(".version 8.0");
    }
  }
}
