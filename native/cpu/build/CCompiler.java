import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The C compiler of this machine.
 *
 * @param command its path and first arguments
 * @param name what users are told of it, as {@code gcc 12.2.0}
 * @param version what tells it from another that would make another library
 */
record CCompiler(List<String> command, String name, String version) {
  static final String ABSENT = "no C compiler: neither gcc nor clang is on the PATH, or -Dgatun.cc=none was given; install gcc, "
      + "or name a compiler by CC or -Dgatun.cc";

  private static final int MINUTES = 10;
  private static final Pattern NUMBERS = Pattern.compile("\\d+\\.\\d+(?:\\.\\d+)?");

  /** The compiler asked for, which must be there then, or gcc, or clang; empty when there is none, or {@code none} was asked for. */
  static Optional<CCompiler> find(Optional<String> asked) {
    if (asked.equals(Optional.of("none"))) {
      return Optional.empty();
    }
    for (String words : asked.map(List::of).orElse(List.of("gcc", "clang"))) {
      List<String> command = new ArrayList<>(List.of(words.split("\\s+")));
      Optional<Path> program = program(command.getFirst());
      if (program.isPresent()) {
        command.set(0, program.get().toString());
        return Optional.of(of(List.copyOf(command)));
      }
    }
    if (asked.isPresent()) {
      throw new BuildFailure("the C compiler " + asked.get() + " is not there; check CC or -Dgatun.cc");
    }
    return Optional.empty();
  }

  private static CCompiler of(List<String> command) {
    Result result = run(Path.of(""), with(command, List.of("--version")));
    String line = result.output().lines().findFirst().orElse("");
    if (result.failed()) {
      throw new BuildFailure(String.join(" ", command) + " --version failed: " + result.output().strip());
    }
    return new CCompiler(command, name(line), command + " " + line);
  }

  /** {@code gcc 12.2.0} of the first line that a compiler says of its version. */
  static String name(String line) {
    String number = NUMBERS.matcher(line).results().map(MatchResult::group).findFirst().orElse("of an unknown version");
    return (line.contains("clang") ? "clang " : "gcc ") + number;
  }

  /** Why the compiler cannot make code with these flags; empty if it can. */
  Optional<String> unable(Path folder, List<String> flags) {
    List<String> tried = new ArrayList<>(flags);
    tried.addAll(List.of("-x", "c", "-fsyntax-only", "/dev/null"));
    Result result = run(folder, with(command, tried));
    String said = result.output().lines().findFirst().orElse("status " + result.status()).strip();
    return result.failed() ? Optional.of(said) : Optional.empty();
  }

  /** Runs the compiler in a folder; what it makes is called {@code what}. */
  void run(String what, Path folder, List<String> arguments) {
    Result result = run(folder, with(command, arguments));
    if (result.failed()) {
      throw new BuildFailure(what + ": " + name + " failed:\n" + result.output().strip());
    }
  }

  private static List<String> with(List<String> command, List<String> arguments) {
    return Stream.concat(command.stream(), arguments.stream()).toList();
  }

  private static Optional<Path> program(String name) {
    if (name.contains("/")) {
      return Optional.of(Path.of(name).toAbsolutePath()).filter(Files::isExecutable);
    }
    return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator)).filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder).toAbsolutePath().resolve(name)).filter(Files::isExecutable).filter(Files::isRegularFile).findFirst();
  }

  private record Result(int status, String output) {
    boolean failed() {
      return status != 0;
    }
  }

  private static Result run(Path folder, List<String> command) {
    try {
      Path output = Files.createTempFile("gatun-cc-", ".log");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toAbsolutePath().toFile()).redirectErrorStream(true)
            .redirectOutput(output.toFile());
        // Messages are quoted and versions parsed, so they must not depend on the user's language.
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
          process.destroyForcibly().waitFor();
          throw new BuildFailure(command.getFirst() + " had not ended after " + MINUTES + " minutes");
        }
        return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
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
}
