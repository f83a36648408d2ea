package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.CudaUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user is told who cannot have the backend that was asked for. */
class ProvidersTest {
  @TempDir
  private Path folder;

  private static void with(String property, String value, Runnable test) {
    String before = System.getProperty(property);
    System.setProperty(property, value);
    try {
      test.run();
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  private static boolean hasDriver() {
    try {
      return Cuda.load().deviceCount() >= 0;
    } catch (CudaUnavailableException e) {
      return false;
    }
  }

  @Test
  void withoutADriverItIsSaidWhereOneWasLookedForAndWhatToDo() {
    assumeFalse(hasDriver(), "there is a CUDA driver here");
    assertThatThrownBy(() -> Gatun.open("cuda")).isInstanceOf(BackendUnavailableException.class)
        .hasMessageStartingWith("backend cuda does not work here: ").hasMessageContaining("libcuda.so.1")
        .hasMessageContaining("Install the NVIDIA driver").hasMessageContaining("-Dgatun.cuda.library");
  }

  @Test
  void aDriverThatIsNamedIsTheOnlyOneLookedFor() throws IOException {
    Path missing = folder.resolve("libcuda.so");
    Path text = Files.writeString(folder.resolve("notes.txt"), "no library");
    for (Path library : new Path[] {missing, text}) {
      with(Cuda.LIBRARY_PROPERTY, library.toString(), () -> assertThatThrownBy(() -> Gatun.open("cuda"))
          .isInstanceOf(BackendUnavailableException.class).hasMessageContaining(library.toString())
          .hasMessageContaining(Cuda.LIBRARY_PROPERTY));
    }
  }

  @Test
  void anEmulatorThatIsNamedMustBeThere() throws IOException {
    Path missing = folder.resolve("libgatun_emulator.so");
    with(EmulatorLibrary.PROPERTY, missing.toString(), () -> assertThatThrownBy(() -> Gatun.open("cuda-emulated"))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("-Dgatun.cuda.emulator names " + missing + ", which is no file"));
    Emulator.assumeBuilt();
    Path text = Files.writeString(folder.resolve("notes.txt"), "no library");
    with(EmulatorLibrary.PROPERTY, text.toString(), () -> assertThatThrownBy(() -> Gatun.open("cuda-emulated"))
        .isInstanceOf(GatunException.class).hasMessageStartingWith("cuda-emulated: ").hasMessageContaining(text.toString()));
    with(EmulatorLibrary.PROPERTY, "", () -> {
      try (Backend backend = Gatun.open("cuda-emulated")) {
        Scenario.check(backend);
      }
    });
  }

  @Test
  void anUnknownOptionIsToldThoseThereAre() {
    Emulator.assumeBuilt();
    assertThatThrownBy(() -> Gatun.open("cuda-emulated", BackendOptions.none().with("colour", "red"))).isInstanceOf(GatunException.class)
        .hasMessageStartingWith("cuda-emulated: unknown option 'colour'; it takes [")
        .hasMessageContaining("device").hasMessageContaining("graph");
    assertThatThrownBy(() -> new CudaProvider().open(BackendOptions.none().with("colour", "red"))).isInstanceOf(GatunException.class)
        .hasMessageStartingWith("cuda: unknown option 'colour'; it takes [").hasMessageContaining("device").hasMessageContaining("graph");
  }

  @ParameterizedTest
  @CsvSource({"graph, maybe, 'option graph is on or off, not maybe'", "programmatic, late, 'option programmatic is on or off, not late'",
      "device, 7, 'there is no device 7; the driver sees '",
      "device, -1, there is no device -1", "device, first, ', not ''first'''", "device, 99999999999, option device is a number from 0 to"})
  void anOptionsValueIsChecked(String option, String value, String message) {
    Emulator.assumeBuilt();
    Map<String, Long> before = Emulator.live();
    assertThatThrownBy(() -> Gatun.open("cuda-emulated", BackendOptions.none().with(option, value))).isInstanceOf(GatunException.class)
        .hasMessageContaining(message);
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", " 0 "})
  void aDeviceIsOpenedByItsNumber(String device) {
    Emulator.assumeBuilt();
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("device", device))) {
      Scenario.check(backend);
    }
  }

  @Test
  void twoBackendsOfOneDeviceDoNotMixTheirMemory() {
    Emulator.assumeBuilt();
    try (Backend first = Gatun.open("cuda-emulated"); Backend second = Gatun.open("cuda-emulated");
        Stream stream = second.newStream()) {
      Tensor here = first.tensor(new float[] {1, 2}, 1, 2);
      Tensor there = second.tensor(new float[] {3, 4}, 1, 2);
      assertThatThrownBy(() -> stream.copy(here, there)).isInstanceOf(GatunException.class)
          .hasMessageContaining("belongs to another backend");
      assertThat(stream.readFloats(there)).containsExactly(3, 4);
      Scenario.check(first);
      Scenario.check(second);
    }
  }

  @Test
  void toolkitsAreCountedAsDriversAre() {
    assertThat(CudaProvider.version("13.0.88")).isEqualTo(13000);
    assertThat(CudaProvider.version("12.9")).isEqualTo(12090);
    assertThat(CudaProvider.version("13")).isEqualTo(13000);
  }
}
