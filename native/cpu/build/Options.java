import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a build was asked for.
 *
 * @param root the folder native/cpu
 * @param target the folder for what the build leaves
 * @param cc the C compiler asked for by name, with its first arguments; {@code none} builds as if there were none
 */
record Options(Path root, Path target, Optional<String> cc) {
  /** An option with an empty value counts as not given, so that a property of Maven can always be handed on. */
  static Options parse(List<String> arguments) {
    Path root = Path.of("native/cpu");
    Optional<Path> target = Optional.empty();
    Optional<String> cc = Optional.ofNullable(System.getenv("CC"));
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String value = argument.substring(equals + 1);
      switch (equals < 0 ? argument : argument.substring(0, equals)) {
        case "--root" -> root = Path.of(value);
        case "--target" -> target = Optional.of(Path.of(value));
        case "--cc" -> cc = value.isBlank() ? cc : Optional.of(value);
        default -> throw new BuildFailure("unknown option " + argument + "; options are --root=FOLDER, --target=FOLDER and --cc=COMMAND");
      }
    }
    root = root.toAbsolutePath().normalize();
    if (!Files.isRegularFile(root.resolve("include/gatun_cpu.h"))) {
      throw new BuildFailure(root + " holds no include/gatun_cpu.h; --root must name native/cpu");
    }
    Path made = target.orElse(root.resolve("target")).toAbsolutePath().normalize();
    return new Options(root, made, cc.map(String::strip).filter(name -> !name.isEmpty()));
  }
}
