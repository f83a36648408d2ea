package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The other tests run on the class path; here the modules meet on the module path. */
class ModulePathTest {
  private static final List<String> OURS = List.of("ffi-bindings", "kernels/api", "kernels/cpu", "kernels/c", "kernels/cuda", "kernels/tornado",
      "kernels/tck", "kernels/all", "decoder");

  @TempDir
  Path folder;

  @Test
  void allModulesResolveTogether() throws Exception {
    String output = java("--add-modules", "dev.gatun.ffi,dev.gatun.all,dev.gatun.tornado,dev.gatun.tck,dev.gatun.decoder", "--show-module-resolution", "-version");

    assertThat(output)
        .contains("root dev.gatun.ffi ", "root dev.gatun.all ", "root dev.gatun.tornado ", "root dev.gatun.tck ", "root dev.gatun.decoder ")
        .contains("dev.gatun.all requires dev.gatun.cpu ", "dev.gatun.cpu requires jdk.incubator.vector ",
            "dev.gatun.all requires dev.gatun.cuda ", "dev.gatun.cuda requires dev.gatun.ffi ");
  }

  @Test
  void noModuleHidesAnothersPackageOrName() throws Exception {
    assertThat(java("--validate-modules")).isEmpty();
  }

  static List<String> published() {
    return House.PUBLISHED;
  }

  /** A service is registered twice, for the module path and for the class path; both say the same. */
  @ParameterizedTest
  @MethodSource("published")
  void servicesAreRegisteredForBothPaths(String module) throws IOException {
    Path classes = House.classes(module);
    List<String> declared = ApiSurface.descriptor(classes).provides().stream()
        .flatMap(p -> p.providers().stream().map(provider -> p.service() + " " + provider)).sorted().toList();
    assertThat(declared).isEqualTo(registered(classes.resolve("META-INF", "services")));
  }

  @Test
  void everyPublishedModuleIsNamedAfterItsPackages() {
    for (String module : OURS) {
      ModuleDescriptor descriptor = ApiSurface.descriptor(House.classes(module));
      assertThat(descriptor.exports()).as(module).allMatch(e -> (e.source() + ".").startsWith(descriptor.name() + "."));
    }
  }

  private static List<String> registered(Path services) throws IOException {
    if (!Files.isDirectory(services)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(services)) {
      return files.flatMap(file -> {
        try {
          return Files.readAllLines(file).stream().map(line -> line.replaceFirst("#.*", "").strip()).filter(line -> !line.isEmpty())
              .map(provider -> file.getFileName() + " " + provider).toList().stream();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }).sorted().toList();
    }
  }

  private String java(String... arguments) throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    List<String> command = Stream.concat(
        Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--module-path", modulePath()),
        Arrays.stream(arguments)).toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }

  /** Our jars, or the class folders when nothing is packaged, as this build put them on the class path, and what the decoder needs: picocli and jackson-core. */
  private static String modulePath() {
    List<String> entries = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(ModulePathTest::isWanted).toList();
    assertThat(entries).hasSize(OURS.size() + 2);
    return String.join(File.pathSeparator, entries);
  }

  private static boolean isWanted(String entry) {
    return entry.contains("picocli") || entry.contains("jackson-core")
        || OURS.stream().map(module -> House.ROOT.resolve(module, "target").toString() + File.separator).anyMatch(entry::startsWith);
  }
}
