import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program that is run to its end, and what it said. */
final class Command {
  private Command() {}

  /** What a run left: its exit status and what it wrote to both of its outputs. */
  record Result(int status, String output) {
    boolean failed() {
      return status != 0;
    }
  }

  /** Runs a command in a folder. Fails when it cannot be started or does not end in time. */
  static Result run(Path folder, int minutes, List<String> command) {
    try {
      Path output = Files.createTempFile("gatun-native-", ".log");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(output.toFile());
        // Messages are parsed, so they must not depend on the user's language.
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
          process.destroyForcibly().waitFor();
          throw new BuildFailure(command.getFirst() + " had not ended after " + minutes + " minutes:\n" + read(output));
        }
        return new Result(process.exitValue(), read(output));
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new BuildFailure("cannot run " + command.getFirst(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BuildFailure(command.getFirst() + " was interrupted");
    }
  }

  /** The program of that name, as a path when it has one, else searched in the folders of PATH. */
  static Optional<Path> find(String name) {
    if (name.contains("/")) {
      return Optional.of(Path.of(name).toAbsolutePath()).filter(Files::isExecutable);
    }
    return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")).filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder).toAbsolutePath().resolve(name)).filter(Files::isExecutable).filter(Files::isRegularFile).findFirst();
  }

  /** These variables of the environment that are set, with their values; compilers heed some beside their flags. */
  static String settings(String... variables) {
    return Stream.of(variables).filter(name -> System.getenv(name) != null).map(name -> name + "=" + System.getenv(name)).toList()
        .toString();
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }
}
