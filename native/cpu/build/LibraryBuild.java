import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds the C kernels as a shared library among the resources of a jar: {@code java LibraryBuild.java --root=FOLDER --target=FOLDER
 * --cc=COMMAND}. Where it cannot be built the jar says why, and the build goes on.
 */
final class LibraryBuild {
  static final String FOLDER = "META-INF/gatun/cpu";
  static final String PLATFORM = "linux-x86_64";
  static final String LIBRARY = "libgatun_cpu.so";

  private static final String FACTS = "libgatun_cpu.properties";
  private static final Pattern ABI = Pattern.compile("^#define GATUN_CPU_ABI (\\d+)$", Pattern.MULTILINE);

  private final Options options;
  private final Sources sources;
  private final Path folder;
  private final Path library;
  private final Path facts;

  LibraryBuild(Options options) {
    this.options = options;
    this.sources = new Sources(options.root());
    this.folder = options.target().resolve("classes").resolve(FOLDER);
    this.library = folder.resolve(PLATFORM).resolve(LIBRARY);
    this.facts = folder.resolve(PLATFORM).resolve(FACTS);
  }

  public static void main(String[] arguments) {
    try {
      LibraryBuild build = new LibraryBuild(Options.parse(List.of(arguments)));
      System.out.println(build.run(System.getProperty("os.name"), System.getProperty("os.arch")));
    } catch (BuildFailure failure) {
      System.err.println("cpu kernels: " + failure.getMessage());
      System.exit(1);
    }
  }

  /** @return the line that tells what was done */
  String run(String system, String architecture) {
    Optional<String> reason = unsupported(system, architecture);
    Optional<CCompiler> compiler = reason.isPresent() ? Optional.empty() : CCompiler.find(options.cc());
    if (reason.isEmpty()) {
      reason = compiler.map(this::tooOld).orElse(Optional.of(CCompiler.ABSENT));
    }
    try {
      return reason.isPresent() ? without(reason.get()) : built(compiler.orElseThrow());
    } catch (IOException e) {
      throw new BuildFailure("cannot write below " + folder, e);
    }
  }

  /** Why the library is not for such a machine. */
  static Optional<String> unsupported(String system, String architecture) {
    return system.equals("Linux") && architecture.equals("amd64") ? Optional.empty()
        : Optional.of("they are for Linux on x86-64, and this is " + system + " on " + architecture);
  }

  private Optional<String> tooOld(CCompiler compiler) {
    return Sources.machines().stream().flatMap(flags -> compiler.unable(options.root(), flags)
        .map(said -> compiler.name() + " does not know " + String.join(" ", flags) + " (" + said + "); gcc 11 and clang 12 do").stream())
        .findFirst();
  }

  private String without(String reason) throws IOException {
    empty(folder);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("reason"), reason + "\n");
    return "cpu kernels: not built: " + reason;
  }

  private String built(CCompiler compiler) throws IOException {
    String hash = sources.hash(compiler);
    Properties known = facts();
    boolean intact = Files.isRegularFile(library) && Sources.sha256(Sources.read(library)).equals(known.getProperty("sha256"));
    if (intact && hash.equals(known.getProperty("sources"))) {
      return "cpu kernels: unchanged, made by " + known.getProperty("compiler");
    }
    long started = System.nanoTime();
    Path work = options.target().resolve("objects");
    empty(work);
    Files.createDirectories(work);
    Path made = work.resolve(LIBRARY);
    List<String> line = new ArrayList<>(Sources.linking());
    line.addAll(objects(compiler, work));
    line.addAll(List.of("-Wl,--as-needed", "-lm", "-o", made.toString()));
    compiler.run(LIBRARY, options.root(), line);
    byte[] bytes = Sources.read(made);
    empty(folder);
    Files.createDirectories(library.getParent());
    // A library may be in use by another process: it is replaced, never written over.
    Files.move(made, library, StandardCopyOption.ATOMIC_MOVE);
    Files.writeString(facts, lines(compiler, bytes, hash));
    return String.format(Locale.ROOT, "cpu kernels: %d sources by %s, library of %,d bytes; %.1f s", sources.files().size(), compiler.name(),
        bytes.length, (System.nanoTime() - started) / 1e9);
  }

  /** In an order of their own and without a date, so that two builds give the same bytes. */
  private String lines(CCompiler compiler, byte[] bytes, String hash) {
    String flags = String.join(" ", Sources.flags("x_avx2.c")) + " | " + String.join(" ", Sources.machine("x_avx512.c"));
    return String.join("\n", "abi=" + abi(), "sha256=" + Sources.sha256(bytes), "size=" + bytes.length, "compiler=" + compiler.name(),
        "flags=" + flags, "sources=" + hash) + "\n";
  }

  private int abi() {
    Matcher number = ABI.matcher(new String(Sources.read(options.root().resolve("include/gatun_cpu.h")), StandardCharsets.UTF_8));
    if (!number.find()) {
      throw new BuildFailure("include/gatun_cpu.h has no line #define GATUN_CPU_ABI NUMBER");
    }
    return Integer.parseInt(number.group(1));
  }

  private List<String> objects(CCompiler compiler, Path work) {
    List<String> objects = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      List<Future<?>> running = new ArrayList<>();
      for (String file : sources.files()) {
        String object = work.resolve(Path.of(file).getFileName() + ".o").toString();
        List<String> line = new ArrayList<>(Sources.flags(file));
        // Assertions and debug information would name the folder of the build.
        line.addAll(List.of("-ffile-prefix-map=" + options.root() + "=.", "-c", file, "-o", object));
        running.add(pool.submit(() -> compiler.run(file, options.root(), line)));
        objects.add(object);
      }
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof BuildFailure failure ? failure : new BuildFailure("a source could not be compiled", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BuildFailure("the build was interrupted");
    }
    return objects;
  }

  private Properties facts() throws IOException {
    Properties properties = new Properties();
    if (Files.isRegularFile(facts)) {
      try (var in = Files.newBufferedReader(facts)) {
        properties.load(in);
      }
    }
    return properties;
  }

  private static void empty(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
