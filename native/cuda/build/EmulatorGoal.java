import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Builds the emulator's library with the kernels in it, asks it for the manifest, and lays both out as resources of a jar. */
final class EmulatorGoal {
  static final String FOLDER = "META-INF/gatun/cuda-emulator";
  static final String LIBRARY = "linux-x86_64/libgatun_emulator.so";

  private final Options options;
  private final Sources sources;
  private final Output output;

  EmulatorGoal(Options options) {
    this.options = options;
    this.sources = new Sources(options.root());
    this.output = new Output(options.target().resolve("classes").resolve(FOLDER));
  }

  void run() {
    long start = System.nanoTime();
    ObjectCache cache = new ObjectCache(options.cache());
    Optional<String> reason = unsupported(System.getProperty("os.name"), System.getProperty("os.arch"));
    Optional<HostCompiler> compiler = reason.isPresent() ? Optional.empty() : HostCompiler.find(options, cache);
    if (compiler.isEmpty()) {
      output.keepOnly(List.of("reason"));
      output.write("reason", reason.orElse(HostCompiler.ABSENT) + "\n");
      System.out.println("emulator: not built: " + reason.orElse(HostCompiler.ABSENT));
      return;
    }
    EmulatorBuild build = new EmulatorBuild(options.root(), compiler.get(), Variant.PLAIN);
    List<String> units = EmulatorBuild.units(sources);
    List<String> files = new ArrayList<>(EmulatorBuild.runtime(sources));
    files.addAll(units);
    List<ObjectCache.Entry> objects = build.objects(files);
    byte[] library = Output.read(build.library(objects).file());
    output.write(LIBRARY, library);
    output.write(LIBRARY + ".sha256", Digest.of(library) + "\n");

    ManifestFile declared = ManifestFile.parse("the manifest of " + output.file(LIBRARY), manifest(output.file(LIBRARY)));
    Map<String, ManifestFile.Image> images = new TreeMap<>();
    List<String> written = new ArrayList<>(List.of("manifest", LIBRARY, LIBRARY + ".sha256"));
    for (String file : units) {
      String unit = Sources.unit(file);
      String image = "gatun-emulated " + unit + "\n";
      output.write(unit + ".emulated", image);
      written.add(unit + ".emulated");
      images.put(unit, new ManifestFile.Image(unit + ".emulated", Digest.of(image.getBytes(StandardCharsets.UTF_8))));
    }
    output.write("manifest", declared.with(List.of(), images, sourcesDigest(files)).text());
    output.keepOnly(written);
    cache.prune();
    long cached = objects.stream().filter(ObjectCache.Entry::cached).count();
    System.out.printf(Locale.ROOT, "emulator: %d units, %d kernels, library of %,d bytes; %d of %d objects from the cache; %.1f s%n",
        units.size(), declared.kernels().size(), library.length, cached, objects.size(), (System.nanoTime() - start) / 1e9);
  }

  /** Why the emulator is not for such a machine. */
  static Optional<String> unsupported(String system, String architecture) {
    return system.equals("Linux") && architecture.equals("amd64") ? Optional.empty()
        : Optional.of("the emulator is for Linux on x86-64, and this is " + system + " on " + architecture + "; build it there");
  }

  private String sourcesDigest(List<String> files) {
    Digest digest = new Digest().add(HostCompiler.flags(Variant.PLAIN));
    files.forEach(file -> sources.digest(digest, file, HostCompiler.INCLUDES));
    return digest.hex();
  }

  @SuppressWarnings("restricted")
  private static String manifest(Path library) {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new BuildFailure("cannot load " + library, e);
    }
    MemorySegment function = symbols.find("gatun_emulator_manifest")
        .orElseThrow(() -> new BuildFailure(library + " does not export gatun_emulator_manifest"));
    try {
      MemorySegment text = (MemorySegment) Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(ValueLayout.ADDRESS))
          .invokeExact();
      if (text.address() == 0) {
        throw new BuildFailure("gatun_emulator_manifest gave no text");
      }
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (BuildFailure e) {
      throw e;
    } catch (Throwable e) {
      throw new BuildFailure("gatun_emulator_manifest of " + library + " failed", e);
    }
  }
}
