import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** The C++ compiler of this machine, and the objects that it makes. */
final class HostCompiler {
  static final String ABSENT = "no C++ compiler: neither g++ nor clang++ is on the PATH, or -Dgatun.cxx=none was given; install g++, "
      + "or name a compiler by CXX or -Dgatun.cxx";
  static final List<String> INCLUDES = List.of("include", "emulator/include", "emulator/src");

  private static final String MACHINE = "emulator/src/machine/";
  // Of the machine these two run on the host's threads alone.
  private static final Set<String> HOST_SIDE = Set.of(MACHINE + "launch.cpp", MACHINE + "registry.cpp");
  private static final int MINUTES = 15;
  private static final List<String> COMMON = List.of("-std=c++17", "-fPIC", "-fvisibility=hidden", "-pthread", "-ffp-contract=off",
      "-Wall", "-Wextra", "-Werror");

  private final List<String> command;
  private final String version;
  private final Path root;
  private final ObjectCache cache;

  private HostCompiler(List<String> command, String version, Path root, ObjectCache cache) {
    this.command = command;
    this.version = version;
    this.root = root;
    this.cache = cache;
  }

  /** The compiler asked for, which must be there then, or g++, or clang++; empty when there is none, or {@code none} was asked for. */
  static Optional<HostCompiler> find(Options options, ObjectCache cache) {
    List<String> names = List.of("g++", "clang++");
    if (options.cxx().isPresent()) {
      String asked = options.cxx().get().strip();
      if (asked.equals("none")) {
        return Optional.empty();
      }
      names = List.of(asked);
    }
    for (String name : names) {
      List<String> words = List.of(name.split("\\s+"));
      Optional<Path> program = Command.find(words.getFirst());
      if (program.isPresent()) {
        List<String> command = new ArrayList<>(words);
        command.set(0, program.get().toString());
        return Optional.of(new HostCompiler(command, version(options.root(), command), options.root(), cache));
      }
    }
    if (options.cxx().isPresent()) {
      throw new BuildFailure("the C++ compiler " + options.cxx().get() + " is not there; check CXX or -Dgatun.cxx");
    }
    return Optional.empty();
  }

  /** What tells this compiler from another that would make other objects. */
  String version() {
    return version;
  }

  /** The object of a C++ source of the emulator or of its tests. */
  ObjectCache.Entry source(String file, Variant variant) {
    return compile(List.of(file), flags(file, variant));
  }

  /** The objects of C++ sources that may be compiled as one, a file's text behind another's: each header is then read once. */
  List<Callable<ObjectCache.Entry>> joined(List<String> files, Variant variant) {
    Map<List<String>, List<String>> alike = files.stream()
        .collect(Collectors.groupingBy(file -> flags(file, variant), LinkedHashMap::new, Collectors.toList()));
    List<Callable<ObjectCache.Entry>> tasks = new ArrayList<>();
    alike.forEach((flags, group) -> tasks.add(() -> compile(group, flags)));
    return tasks;
  }

  private static List<String> flags(String file, Variant variant) {
    return file.startsWith(MACHINE) && !HOST_SIDE.contains(file) ? variant.machine() : variant.rest();
  }

  /** Why programs of this variant can be neither made nor run here; empty when they can. */
  Optional<String> unsupported(Variant variant) {
    List<String> line = new ArrayList<>(command);
    line.addAll(variant.link());
    try {
      Path folder = Files.createTempDirectory("gatun-native-");
      Path source = folder.resolve("nothing.cpp");
      Path program = folder.resolve("nothing");
      try {
        Files.writeString(source, "int main() {}\n");
        line.addAll(List.of("-o", program.toString(), source.toString()));
        Command.Result made = Command.run(folder, 1, line);
        Command.Result ran = made.failed() ? made : Command.run(folder, 1, List.of(program.toString()));
        return ran.failed() ? Optional.of(ran.output().lines().findFirst().orElse("status " + ran.status()).strip()) : Optional.empty();
      } finally {
        Files.deleteIfExists(program);
        Files.deleteIfExists(source);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new BuildFailure("cannot write a program to try " + variant.name() + " with", e);
    }
  }

  /** The object of a unit of kernels. */
  ObjectCache.Entry kernels(String file, Variant variant) {
    List<String> flags = new ArrayList<>(variant.kernels());
    // Pragmas such as unroll are for the device alone.
    flags.addAll(List.of("-Wno-unknown-pragmas", "-DGATUN_UNIT=\"" + Sources.unit(file) + "\"", "-x", "c++"));
    return compile(List.of(file), flags);
  }

  /** A library or program from objects, in their order. */
  ObjectCache.Entry link(String name, List<ObjectCache.Entry> objects, List<String> flags) {
    Digest key = new Digest().add("link").add(version).add(name).add(flags);
    objects.forEach(object -> key.add(object.file()));
    return cache.get(key.hex(), out -> {
      List<String> line = new ArrayList<>(command);
      objects.forEach(object -> line.add(object.file().toString()));
      line.addAll(flags);
      line.addAll(List.of("-pthread", "-ldl", "-o", out.toString()));
      return checked(name, line);
    });
  }

  /** A library that comes with the compiler, if it does. */
  Optional<Path> library(String name) {
    List<String> line = new ArrayList<>(command);
    line.add("-print-file-name=" + name);
    Command.Result result = Command.run(root, 1, line);
    // A name that the compiler does not know is given back as it was.
    return result.failed() ? Optional.empty() : Optional.of(Path.of(result.output().strip())).filter(Path::isAbsolute).filter(Files::exists);
  }

  /** Every flag that goes into the objects of a variant; part of the hash of all sources. */
  static List<String> flags(Variant variant) {
    List<String> flags = new ArrayList<>(COMMON);
    flags.addAll(variant.kernels());
    flags.addAll(variant.machine());
    flags.addAll(variant.rest());
    return flags;
  }

  private ObjectCache.Entry compile(List<String> files, List<String> flags) {
    String file = files.getLast();
    List<String> before = files.subList(0, files.size() - 1);
    List<String> all = new ArrayList<>(COMMON);
    INCLUDES.forEach(folder -> all.add("-I" + folder));
    all.addAll(flags);
    before.forEach(earlier -> all.addAll(List.of("-include", earlier)));
    Digest key = new Digest().add("c++").add(version).add(all).add(file);
    files.forEach(each -> new Sources(root).digest(key, each, INCLUDES));
    return cache.get(key.hex(), out -> {
      List<String> line = new ArrayList<>(command);
      line.addAll(all);
      // Debug information names the folder of the build otherwise, and objects are shared between folders.
      line.add("-ffile-prefix-map=" + root + "=.");
      line.addAll(List.of("-c", file, "-o", out.toString()));
      return checked(file, line);
    });
  }

  private String checked(String name, List<String> line) {
    Command.Result result = Command.run(root, MINUTES, line);
    if (result.failed()) {
      throw new BuildFailure(name + ": " + Path.of(line.getFirst()).getFileName() + " failed:\n" + result.output().strip());
    }
    return result.output();
  }

  private static String version(Path root, List<String> command) {
    List<String> line = new ArrayList<>(command);
    line.add("--version");
    Command.Result result = Command.run(root, 1, line);
    if (result.failed()) {
      throw new BuildFailure(String.join(" ", line) + " failed: " + result.output().strip());
    }
    return String.join(" ", command.subList(1, command.size())) + result.output().lines().findFirst().orElse("")
        + Command.settings("CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH");
  }
}
