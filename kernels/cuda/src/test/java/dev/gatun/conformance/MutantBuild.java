package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Changed copies of the kernels' sources, and the emulators made of them by the native build. */
final class MutantBuild {
  /** A line that makes an instance of a kernel, and no continuation of a macro's definition. */
  private static final Pattern INSTANCE = Pattern.compile("(?m)^(GATUN_(?!PARAMS)|ATTENTION_|MLA_)[A-Z_]+\\(.*\\)\n");
  private static final int MINUTES = 15;

  private final Path root;
  private final Path target;

  private MutantBuild(Path root, Path target) {
    this.root = root;
    this.target = target;
  }

  /** A build in a folder, of the sources that the working directory is beside. */
  static MutantBuild in(Path target) {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path root = folder.resolve("native/cuda");
      if (Files.isRegularFile(root.resolve("build/NativeBuild.java"))) {
        return new MutantBuild(root, target);
      }
    }
    throw new IllegalStateException("no folder above " + Path.of("").toAbsolutePath() + " has native/cuda/build");
  }

  /** Copies the sources that a mutant's unit may include, and makes the change. */
  void write(Mutant mutant) {
    Path folder = folder(mutant);
    copy("include", folder);
    copy("emulator/include", folder);
    mutant.units().stream().map(unit -> "kernels/" + unit + ".cu")
        .forEach(unit -> write(folder.resolve(unit), fewer(mutant, root.resolve(unit))));
    Path changed = folder.resolve(mutant.file());
    String text = read(changed);
    assertThat(text.split(Pattern.quote(mutant.find()), -1).length - 1)
        .as("%s: how often %s has the text%n%s", mutant, mutant.file(), mutant.find()).isEqualTo(1);
    write(changed, text.replace(mutant.find(), mutant.replacement()));
  }

  /** A unit with few of its instances: one is enough to run, and a tenth of the time to compile. */
  private static String fewer(Mutant mutant, Path unit) {
    Matcher instance = INSTANCE.matcher(read(unit));
    StringBuilder text = new StringBuilder();
    int kept = 0;
    while (instance.find()) {
      boolean keep = mutant.instances().matcher(instance.group()).find();
      kept += keep ? 1 : 0;
      instance.appendReplacement(text, keep ? "$0" : "");
    }
    assertThat(kept).as("%s: instances of %s that match %s", mutant, unit, mutant.instances()).isPositive();
    return instance.appendTail(text).toString();
  }

  /** Compiles all that was written; skips the test where there is no compiler. */
  void build() {
    List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC", root.resolve("build/NativeBuild.java").toString(), "mutants", "--root=" + root, "--target=" + target,
        "--cache=" + System.getProperty("gatun.cache", ""), "--cxx=" + System.getProperty("gatun.cxx", ""));
    try {
      Path log = target.resolve("mutants.log");
      Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      if (!ended) {
        process.destroyForcibly();
      }
      Assumptions.assumeFalse(ended && read(log).contains("not built"), () -> read(log));
      assertThat(ended && process.exitValue() == 0).as("the build of mutants:%n%s", read(log)).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** The emulator with a mutant's kernels. */
  Path library(Mutant mutant) {
    return folder(mutant).resolve("libgatun_emulator.so");
  }

  private Path folder(Mutant mutant) {
    return target.resolve("mutants").resolve(mutant.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"));
  }

  private void copy(String name, Path into) {
    try (Stream<Path> files = Files.walk(root.resolve(name))) {
      files.filter(Files::isRegularFile).forEach(file -> write(into.resolve(root.relativize(file)), read(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
