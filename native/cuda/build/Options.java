import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a build was asked for.
 *
 * @param root the folder native/cuda
 * @param target the folder for what the build leaves, of the module that asked
 * @param emulator where the module of the emulator left its classes; read by the goal fatbins
 * @param cache the folder of compiled objects
 * @param cxx the host compiler asked for by name, with its first arguments
 * @param nvcc the nvcc asked for by name
 * @param release whether every architecture served is compiled for
 * @param record whether what kernels take is recorded anew instead of compared
 * @param architectures the architectures to compile for instead, as {@code sm_80 compute_80}
 * @param variants the variants of the emulator to build or test
 * @param units the units in a sanitized variant; all when empty
 */
record Options(List<String> goals, Path root, Path target, Path emulator, Path cache, Optional<String> cxx, Optional<String> nvcc,
               boolean release, boolean record, List<String> architectures, List<String> variants, List<String> units) {
  private static final List<String> NAMES =
      List.of("root", "target", "emulator", "cache", "cxx", "nvcc", "release", "record", "architectures", "variants", "units");

  /** An option with an empty value counts as not given, so that a property of Maven can always be handed on. */
  static Options parse(List<String> arguments) {
    List<String> goals = new ArrayList<>();
    Map<String, String> given = new HashMap<>();
    for (String argument : arguments) {
      if (!argument.startsWith("--")) {
        goals.add(argument);
        continue;
      }
      int equals = argument.indexOf('=');
      String name = argument.substring(2, Math.max(2, equals));
      if (!NAMES.contains(name)) {
        throw new BuildFailure("unknown option " + argument + "; options are --NAME=VALUE with the names " + String.join(", ", NAMES));
      }
      if (equals + 1 < argument.length()) {
        given.put(name, argument.substring(equals + 1));
      }
    }
    Path root = folder(given.getOrDefault("root", "native/cuda"));
    if (!Files.isDirectory(root.resolve("kernels"))) {
      throw new BuildFailure(root + " holds no folder kernels; --root must name native/cuda");
    }
    Path target = folder(given.getOrDefault("target", root.resolve("target").toString()));
    return new Options(List.copyOf(goals), root, target,
        folder(given.getOrDefault("emulator", root.resolve("emulator/target/classes").toString())),
        cache(given, target), named(given, "cxx", "CXX"), Optional.ofNullable(given.get("nvcc")),
        Boolean.parseBoolean(given.get("release")), Boolean.parseBoolean(given.get("record")), words(given, "architectures"), words(given, "variants"), words(given, "units"));
  }

  /** The same for the sources below another folder. */
  Options over(Path otherRoot) {
    return new Options(goals, otherRoot, target, emulator, cache, cxx, nvcc, release, record, architectures, variants, units);
  }

  private static Path cache(Map<String, String> given, Path target) {
    Optional<String> named = named(given, "cache", "GATUN_CACHE");
    if (named.isPresent()) {
      return folder(named.get()).resolve("objects");
    }
    Path home = Path.of(System.getProperty("user.home", "")).toAbsolutePath();
    // A build without a home of its own still works; it only compiles anew after a clean.
    return Files.isWritable(home) ? home.resolve(".cache/gatun/objects") : target.resolve("objects");
  }

  private static Optional<String> named(Map<String, String> given, String name, String variable) {
    return Optional.ofNullable(given.getOrDefault(name, System.getenv(variable))).filter(value -> !value.isBlank());
  }

  private static List<String> words(Map<String, String> given, String name) {
    return given.containsKey(name) ? List.of(given.get(name).strip().split("[,\\s]+")) : List.of();
  }

  private static Path folder(String name) {
    return Path.of(name).toAbsolutePath().normalize();
  }
}
