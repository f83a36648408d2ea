import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/** Compiles the kernels for devices, one fatbin a unit, and lays them out with the manifest as resources of a jar. */
final class FatbinsGoal {
  static final String FOLDER = "META-INF/gatun/cuda";

  private final Options options;
  private final Sources sources;
  private final Output output;

  FatbinsGoal(Options options) {
    this.options = options;
    this.sources = new Sources(options.root());
    this.output = new Output(options.target().resolve("classes").resolve(FOLDER));
  }

  void run() {
    long start = System.nanoTime();
    ObjectCache cache = new ObjectCache(options.cache());
    Optional<Nvcc> nvcc = Nvcc.find(options, cache);
    Optional<HostCompiler> host = HostCompiler.find(options, cache);
    Path manifest = options.emulator().resolve(EmulatorGoal.FOLDER).resolve("manifest");
    Optional<String> reason = reason(nvcc.isPresent(), host.isPresent(), Files.exists(manifest));
    if (reason.isPresent()) {
      output.keepOnly(List.of("reason"));
      output.write("reason", reason.get() + "\n");
      System.out.println("fatbins: not built: " + reason.get());
      return;
    }
    ManifestFile declared = ManifestFile.parse(manifest.toString(),
        new String(Output.read(manifest), StandardCharsets.UTF_8));
    Architectures architectures = architectures(nvcc.get());
    List<String> units = EmulatorBuild.units(sources);
    List<ObjectCache.Entry> fatbins = compile(nvcc.get(), host.get().version(), units, architectures);
    ResourceReport report = ResourceReport.parse(fatbins.stream().map(ObjectCache.Entry::log).toList());
    new Output(options.target()).write("kernel-report.txt", report.table());
    check(report, declared, architectures);
    compare(nvcc.get().version(), report, declared, architectures);
    write(nvcc.get(), declared, architectures, units, fatbins);
    cache.prune();
    long bytes = fatbins.stream().mapToLong(fatbin -> Output.read(fatbin.file()).length).sum();
    long cached = fatbins.stream().filter(ObjectCache.Entry::cached).count();
    System.out.printf(Locale.ROOT, "fatbins: %d units, %d kernels, %,d bytes, %d of %d from the cache; %s; driver %d; %.1f s%n",
        units.size(), declared.kernels().size(), bytes, cached, fatbins.size(), String.join(" ", architectures.names()),
        Nvcc.driver(nvcc.get().version()), (System.nanoTime() - start) / 1e9);
  }

  /** Why there can be no fatbins. */
  static Optional<String> reason(boolean nvcc, boolean hostCompiler, boolean manifest) {
    if (!nvcc) {
      return Optional.of(Nvcc.ABSENT);
    }
    if (!hostCompiler) {
      return Optional.of("nvcc needs a C++ compiler beside it; " + HostCompiler.ABSENT);
    }
    return manifest ? Optional.empty()
        : Optional.of("no manifest of the kernels: it comes from the build of native/cuda/emulator, which tells why it is not there");
  }

  private Architectures architectures(Nvcc nvcc) {
    if (!options.architectures().isEmpty()) {
      return Architectures.of(options.architectures());
    }
    return options.release() ? Architectures.RELEASE.knownTo(nvcc.numbers()) : Architectures.DEFAULT;
  }

  private List<ObjectCache.Entry> compile(Nvcc nvcc, String hostVersion, List<String> units, Architectures architectures) {
    List<Callable<ObjectCache.Entry>> tasks = new ArrayList<>();
    for (String unit : units) {
      tasks.add(() -> nvcc.fatbin(unit, architectures, hostVersion));
    }
    return Workers.all(tasks);
  }

  private void check(ResourceReport report, ManifestFile declared, Architectures architectures) {
    List<String> complaints = new ArrayList<>();
    TreeSet<String> compiled = new TreeSet<>();
    report.usages().forEach(usage -> compiled.add(usage.kernel()));
    TreeSet<String> expected = new TreeSet<>(architectures.machine().isEmpty() ? List.of() : declared.kernels());
    if (!compiled.equals(expected)) {
      complaints.add("nvcc compiled the kernels " + compiled + " and the emulator's manifest has " + expected);
    }
    Path spills = options.root().resolve("spills.txt");
    complaints.addAll(report.complaints(SpillList.parse(Files.exists(spills) ? sources.read("spills.txt") : "")));
    if (!complaints.isEmpty()) {
      throw new BuildFailure(String.join("\n", complaints) + "\nthe whole report: " + options.target().resolve("kernel-report.txt"));
    }
  }

  /** Holds the kernels to what is recorded of them, or records them. */
  private void compare(String toolkit, ResourceReport report, ManifestFile declared, Architectures architectures) {
    Path file = options.root().resolve(ResourceRecord.FILE);
    ResourceRecord built = ResourceRecord.of(toolkit, report, declared);
    if (options.record()) {
      if (!architectures.machine().containsAll(List.of("sm_80", "sm_90a"))) {
        throw new BuildFailure(ResourceRecord.FILE + " is recorded for sm_80 and sm_90a; build for both");
      }
      new Output(options.root()).write(ResourceRecord.FILE, built.text());
      InFlightTable.of(built).write(options.root().resolve("../..").normalize());
      System.out.println("fatbins: recorded " + file);
      return;
    }
    if (!Files.exists(file)) {
      return;
    }
    ResourceRecord recorded = ResourceRecord.parse(sources.read(ResourceRecord.FILE));
    if (!recorded.toolkit().equals(toolkit)) {
      System.out.println("fatbins: registers and occupancy are not compared: " + ResourceRecord.FILE + " is of the toolkit " + recorded.toolkit()
          + " and this is " + toolkit);
      return;
    }
    List<String> complaints = recorded.complaints(built, architectures.machine());
    if (!complaints.isEmpty()) {
      throw new BuildFailure(String.join("\n", complaints));
    }
  }

  private void write(Nvcc nvcc, ManifestFile declared, Architectures architectures, List<String> units, List<ObjectCache.Entry> fatbins) {
    List<String> written = new ArrayList<>(List.of("manifest"));
    Map<String, ManifestFile.Image> images = new TreeMap<>();
    for (int i = 0; i < units.size(); i++) {
      String file = Sources.unit(units.get(i)) + ".fatbin";
      byte[] image = Output.read(fatbins.get(i).file());
      output.write(file, image);
      written.add(file);
      images.put(Sources.unit(units.get(i)), new ManifestFile.Image(file, Digest.of(image)));
    }
    List<List<String>> facts = new ArrayList<>();
    facts.add(List.of("toolkit", nvcc.version()));
    facts.add(List.of("driver", Integer.toString(Nvcc.driver(nvcc.version()))));
    architectures.names().forEach(name -> facts.add(List.of("architecture", name)));
    Digest digest = new Digest().add(Nvcc.FLAGS).add(architectures.names());
    units.forEach(unit -> sources.digest(digest, unit, Nvcc.INCLUDES));
    output.write("manifest", declared.with(facts, images, digest.hex()).text());
    output.keepOnly(written);
  }
}
