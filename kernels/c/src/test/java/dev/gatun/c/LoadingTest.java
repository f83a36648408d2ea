package dev.gatun.c;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadingTest {
  @TempDir
  Path folder;

  private static BackendProvider provider(String library) {
    return new CBackendProvider("vendor", "a vendor's", library) {};
  }

  private static String reason(String library) {
    Availability availability = provider(library).probe(BackendOptions.none());
    assertThat(availability.score()).isZero();
    assertThatThrownBy(() -> provider(library).open(BackendOptions.none())).isInstanceOf(GatunException.class)
        .hasMessage("vendor: " + availability.reasons().getFirst());
    return availability.reasons().getFirst();
  }

  @Test
  void aMissingFileIsNamedWithWhatToDo() {
    assertThat(reason("/nowhere/libvendor.so"))
        .isEqualTo("/nowhere/libvendor.so: no such file; install it there, put its folder on java.library.path, "
        + "or name it with -Dgatun.vendor.library=FILE");
    assertThat(reason(folder.toString())).contains("is a folder");
  }

  @Test
  void aMissingNameIsToldByTheLoader() {
    assertThat(reason("no_such_vendor")).contains("libno_such_vendor.so").contains("-Dgatun.vendor.library=FILE");
  }

  @Test
  void aFileThatIsNoLibraryIsRefused() throws IOException {
    assertThat(reason(Files.writeString(folder.resolve("text.so"), "hello").toString())).contains("is no ELF file");
  }

  @Test
  void aLibraryOfSomethingElseIsRefused() {
    assertThat(reason(Native.library("layouts").toString()))
        .endsWith("is no Gatun backend: it exports no gatun_backend_version; implement gatun_backend.h, "
        + "and export its functions");
  }

  @Test
  void anotherVersionIsRefused() {
    assertThat(reason(Native.library("scripted", "-DVERSION=1").toString()))
        .endsWith("was compiled with version 1 of gatun_backend.h, this gatun-c needs 2; use the library and the jar that belong together");
  }

  @Test
  void aMissingFunctionIsNamed() {
    assertThat(reason(Native.library("scripted", "-DWITHOUT_ALLOCATE").toString()))
        .endsWith("lacks gatun_device_allocate; export every function that gatun_backend.h does not call optional");
  }

  @Test
  void aPropertyNamesAnotherLibrary() {
    System.setProperty("gatun.vendor.library", Native.library("scripted").toString());
    try {
      assertThat(provider("no_such_vendor").probe(BackendOptions.none()).score()).isEqualTo(50);
    } finally {
      System.clearProperty("gatun.vendor.library");
    }
  }

  @Test
  void aFolderOfTheLibraryPathIsSearched() throws IOException, InterruptedException {
    Files.copy(Native.library("scripted"), folder.resolve("libvendor_gatun.so"));
    assertThat(java("-Djava.library.path=" + folder, "--enable-native-access=ALL-UNNAMED")).isEqualTo("50");
  }

  @Test
  void refusedNativeAccessIsToldWithTheFlag() throws IOException, InterruptedException {
    Files.copy(Native.library("scripted"), folder.resolve("libvendor_gatun.so"));
    assertThat(java("-Djava.library.path=" + folder, "--illegal-native-access=deny"))
        .isEqualTo("native access is not allowed; start java with --enable-native-access=ALL-UNNAMED");
  }

  /** What a JVM of its own says about {@code vendor_gatun}. */
  private String java(String... flags) throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    List<String> command = new java.util.ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Asked.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(2, java.util.concurrent.TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output).strip();
  }

  /** Prints the score, or the reason where there is none. */
  static final class Asked {
    private Asked() {}

    /** Probes. */
    public static void main(String[] arguments) {
      Availability availability = provider("vendor_gatun").probe(BackendOptions.none());
      System.out.print(availability.score() > 0 ? String.valueOf(availability.score()) : availability.reasons().getFirst());
    }
  }
}
