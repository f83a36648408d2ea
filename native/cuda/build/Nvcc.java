import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The CUDA compiler and the fatbins that it makes. */
final class Nvcc {
  static final String ABSENT = "no nvcc: it is neither on the PATH nor under CUDA_HOME nor /usr/local/cuda, or -Dgatun.nvcc=none was "
      + "given; install a CUDA toolkit, or name nvcc by -Dgatun.nvcc";
  static final List<String> INCLUDES = List.of("include");
  // ptxas tells registers and spills; the resource report judges them, since some spills are allowed.
  static final List<String> FLAGS = List.of("-fatbin", "-std=c++17", "-O3", "-Werror", "all-warnings", "-Xptxas", "-v", "-Iinclude");

  private static final int MINUTES = 60;
  private static final Pattern RELEASE = Pattern.compile("release [0-9.]+, V([0-9.]+)");
  // The oldest driver that loads what a toolkit makes: table "CUDA Toolkit and Minimum Required Driver Version" of the CUDA release notes,
  // minor version compatibility, Linux.
  private static final Map<Integer, Integer> DRIVERS = new TreeMap<>(Map.of(11, 450, 12, 525, 13, 580));

  private final Path program;
  private final String version;
  private final List<String> numbers;
  private final Path root;
  private final ObjectCache cache;

  private Nvcc(Path program, String version, List<String> numbers, Path root, ObjectCache cache) {
    this.program = program;
    this.version = version;
    this.numbers = numbers;
    this.root = root;
    this.cache = cache;
  }

  /** The nvcc asked for, which must be there then, or one found; empty when there is none, or {@code none} was asked for. */
  static Optional<Nvcc> find(Options options, ObjectCache cache) {
    Optional<Path> program = options.nvcc().isPresent() ? asked(options.nvcc().get()) : installed();
    return program.map(found -> {
      String version = version(output(options.root(), found, "--version"));
      List<String> numbers = output(options.root(), found, "--list-gpu-arch").lines().map(Architectures::number).filter(n -> !n.isEmpty())
          .toList();
      return new Nvcc(found, version, numbers, options.root(), cache);
    });
  }

  /** The toolkit's version, for example 13.0.88. */
  String version() {
    return version;
  }

  /** The numbers of the architectures that it compiles for. */
  List<String> numbers() {
    return numbers;
  }

  /** The fatbin of a unit, with what ptxas said of its kernels. */
  ObjectCache.Entry fatbin(String file, Architectures architectures, String hostVersion) {
    List<String> flags = new ArrayList<>(FLAGS);
    // Names that the compiler makes up are then the same in every build.
    flags.addAll(List.of("-frandom-seed", Sources.unit(file)));
    flags.addAll(architectures.options());
    Digest key = new Digest().add("nvcc").add(version).add(hostVersion)
        .add(Command.settings("NVCC_CCBIN", "NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS")).add(flags).add(file);
    new Sources(root).digest(key, file, INCLUDES);
    return cache.get(key.hex(), out -> {
      // nvcc chooses what to do by the ending.
      Path fatbin = out.resolveSibling(Sources.unit(file) + ".fatbin");
      List<String> line = new ArrayList<>(List.of(program.toString()));
      line.addAll(flags);
      line.addAll(List.of(file, "-o", fatbin.toString()));
      Command.Result result = Command.run(root, MINUTES, line);
      if (result.failed()) {
        throw new BuildFailure(file + ": nvcc failed:\n" + complaints(result.output()));
      }
      try {
        Files.move(fatbin, out);
      } catch (IOException e) {
        throw new BuildFailure(file + ": nvcc made no fatbin", e);
      }
      return result.output();
    });
  }

  /** The major version of the oldest driver that loads images of a toolkit. */
  static int driver(String toolkit) {
    int major = Integer.parseInt(toolkit.substring(0, toolkit.indexOf('.')));
    Integer driver = DRIVERS.get(major);
    if (driver == null) {
      throw new BuildFailure("which driver CUDA " + toolkit + " needs is not known; toolkits of " + DRIVERS.keySet()
          + " are, and a newer one is added to DRIVERS in native/cuda/build/Nvcc.java");
    }
    return driver;
  }

  /** The version in what {@code nvcc --version} says. */
  static String version(String text) {
    Matcher release = RELEASE.matcher(text);
    if (!release.find()) {
      throw new BuildFailure("nvcc --version names no release: " + text.strip());
    }
    return release.group(1);
  }

  private static String complaints(String output) {
    return String.join("\n", output.lines().filter(line -> !ResourceReport.isInformation(line)).toList());
  }

  private static Optional<Path> asked(String name) {
    if (name.equals("none")) {
      return Optional.empty();
    }
    Optional<Path> program = Command.find(name);
    if (program.isEmpty()) {
      throw new BuildFailure("there is no nvcc " + name + "; check -Dgatun.nvcc");
    }
    return program;
  }

  private static Optional<Path> installed() {
    List<String> places = new ArrayList<>(List.of("nvcc"));
    Optional.ofNullable(System.getenv("CUDA_HOME")).filter(home -> !home.isBlank()).ifPresent(home -> places.add(home + "/bin/nvcc"));
    places.add("/usr/local/cuda/bin/nvcc");
    return places.stream().flatMap(place -> Command.find(place).stream()).findFirst();
  }

  private static String output(Path root, Path program, String option) {
    Command.Result result = Command.run(root, 2, List.of(program.toString(), option));
    if (result.failed()) {
      throw new BuildFailure(program + " " + option + " failed: " + result.output().strip());
    }
    return result.output();
  }
}
