package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How JVMs that are started otherwise find the library. */
class NativeAccessTest {
  private static final String PROBE = """
      public class Probe {
        public static void main(String[] words) {
          try (dev.gatun.Backend cpu = dev.gatun.Gatun.open("cpu")) {
            System.out.println("native: " + cpu.device().facts().get("native"));
          }
        }
      }
      """;

  @TempDir
  Path folder;

  private String told(String... arguments) throws Exception {
    Path probe = Files.writeString(folder.resolve("Probe.java"), PROBE);
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
        "-Dgatun.cache=" + folder.resolve("cache")));
    command.addAll(List.of(arguments));
    command.add(probe.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().filter(line -> line.startsWith("native: ")).findFirst().orElseThrow(() -> new AssertionError(output));
  }

  /** The entry of this test's class path that a module of the build made, be it a folder or a jar. */
  private static Path entry(String module, String artifact) {
    Path folder = Path.of(module, "target", "classes");
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
        .filter(entry -> entry.endsWith(folder) || entry.getFileName().toString().startsWith(artifact + "-")).findFirst().orElseThrow();
  }

  private static void assumeThereIsALibrary() {
    NativeKernels kernels = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(kernels.level().isPresent(), kernels::toString);
  }

  @Test
  void withoutNativeAccessTheReasonIsTheFlag() throws Exception {
    assumeThereIsALibrary();
    assertThat(told("--illegal-native-access=deny", "-cp", System.getProperty("java.class.path")))
        .isEqualTo("native: off: native access is not allowed; start java with --enable-native-access=ALL-UNNAMED");
  }

  @Test
  void theLibraryIsFoundOnTheModulePath() throws Exception {
    assumeThereIsALibrary();
    Path cpu = entry("kernels/cpu", "no jar, since these are its tests");
    String path = String.join(File.pathSeparator, entry("kernels/api", "gatun-api").toString(), cpu.toString(), jar().toString());
    assertThat(told("--module-path", path, "--add-modules", "dev.gatun.cpu,dev.gatun.cpu.kernels", "--enable-native-access=dev.gatun.cpu"))
        .isEqualTo("native: " + NativeKernels.of(NativeKernels.AUTO));
    assertThat(told("--module-path", path, "--add-modules", "dev.gatun.cpu"))
        .contains("add dev.gatun:gatun-cpu-native, and on the module path --add-modules dev.gatun.cpu.kernels");
  }

  /** The resources as the jar of the build, which has none yet when these tests run. */
  private Path jar() throws IOException {
    Path resources = entry("native/cpu", "gatun-cpu-native");
    if (Files.isRegularFile(resources)) {
      return resources;
    }
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Automatic-Module-Name", "dev.gatun.cpu.kernels");
    Path jar = folder.resolve("kernels.jar");
    try (OutputStream out = Files.newOutputStream(jar); JarOutputStream to = new JarOutputStream(out, manifest);
        Stream<Path> files = Files.walk(resources)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        to.putNextEntry(new JarEntry(resources.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, to);
        to.closeEntry();
      }
    }
    return jar;
  }
}
