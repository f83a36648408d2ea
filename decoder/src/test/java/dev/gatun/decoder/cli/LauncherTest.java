package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script's search for a JDK, on made-up folders. */
class LauncherTest {
  private static Path script;

  @TempDir Path folder;

  @BeforeAll
  static void findTheScript() {
    assumeTrue(System.getProperty("os.name").equals("Linux") && Files.isExecutable(Path.of("/bin/bash")), "the script needs bash");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at.resolve("gatun")) && Files.isDirectory(at.resolve("decoder"))) {
        script = at.resolve("gatun");
      }
    }
    assumeTrue(script != null, "the script is not above the working directory");
  }

  @Test
  void scriptParses() throws Exception {
    assertThat(bash("bash -n \"$1\"", Map.of())).isEmpty();
    assertThat(Files.isExecutable(script)).isTrue();
  }

  @Test
  void firstJdkThatIsNewEnoughIsTaken() throws Exception {
    Path old = java("old", "21.0.2", true);
    Path runtime = java("runtime", "25.0.1", false);
    Path wanted = java("wan ted", "25.0.1", true);
    Path newer = java("newer", "26", true);
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" && echo \"$JDK\"", Map.of(), folder.resolve("nothing"), old, runtime, wanted, newer))
        .isEqualTo(wanted.toString());
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" && echo \"$JDK\"", Map.of(), newer, wanted)).isEqualTo(newer.toString());
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" || echo none", Map.of(), old, runtime)).isEqualTo("none");
  }

  @Test
  void placesOfVersionManagersAreLookedThrough() throws Exception {
    Path home = folder.resolve("home");
    List<Path> places = new ArrayList<>();
    for (String place : List.of("home/.sdkman/candidates/java/25", "home/.jdks/25", "home/.gradle/jdks/25", "sdkman/candidates/java/25")) {
      places.add(java(place, "25", true));
    }
    Path chosen = java("chosen", "25", true);
    String listed = bash("source \"$1\"; list_candidates; printf '%s\\n' \"${CANDIDATES[@]}\"",
        Map.of("HOME", home.toString(), "SDKMAN_DIR", folder.resolve("sdkman").toString(), "JAVA_HOME", chosen.toString()));
    assertThat(listed.lines()).startsWith(chosen.toString()).containsAll(places.stream().map(Path::toString).toList());
  }

  @Test
  void whatJavaHomeHoldsInsteadIsSaid() throws Exception {
    Map<Path, String> said = Map.of(java("old", "21.0.2", true), "holds JDK 21)", java("runtime", "25.0.1", false), "holds a JRE 25, without",
        folder.resolve("nothing"), "holds no JDK)");
    for (Map.Entry<Path, String> entry : said.entrySet()) {
      assertThat(bash("source \"$1\"; describe_java_home; echo \"$HOME_SAYS\"", Map.of("JAVA_HOME", entry.getKey().toString())))
          .contains("JAVA_HOME=" + entry.getKey() + " ").contains(entry.getValue());
    }
  }

  private Path java(String name, String version, boolean compiler) throws IOException {
    Path home = folder.resolve(name);
    Path programs = Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    for (String program : compiler ? List.of("java", "javac") : List.of("java")) {
      assertThat(Files.createFile(programs.resolve(program)).toFile().setExecutable(true)).isTrue();
    }
    return home;
  }

  /** What a command prints, error stream included; {@code $1} is the script and the arguments follow. */
  private static String bash(String command, Map<String, String> environment, Path... arguments) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("/bin/bash", "-c", command, "bash", script.toString()));
    for (Path argument : arguments) {
      words.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().remove("JAVA_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }
}
