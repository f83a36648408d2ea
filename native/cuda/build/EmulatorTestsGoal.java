import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Builds and runs the emulator's native tests. A folder of {@code emulator/test} is a suite; each of its C++ files with a {@code main} is a
 * program, linked with the suite's other files and units, the kernels and the emulator. A program that passed is run again only when it, or
 * a setting of the emulator in the environment, has changed.
 */
final class EmulatorTestsGoal {
  private static final Pattern MAIN = Pattern.compile("^int main\\(", Pattern.MULTILINE);
  private static final int MINUTES = 10;

  private final Options options;

  EmulatorTestsGoal(Options options) {
    this.options = options;
  }

  void run() {
    Sources sources = new Sources(options.root());
    List<String> files = sources.files("emulator/test", ".cpp");
    Optional<HostCompiler> compiler = HostCompiler.find(options, new ObjectCache(options.cache()));
    if (compiler.isEmpty() || files.isEmpty()) {
      System.out.println("emulator tests: not run: " + (files.isEmpty() ? "there are none" : HostCompiler.ABSENT));
      return;
    }
    for (Variant variant : Variant.named(options.variants(), List.of(Variant.PLAIN))) {
      Optional<String> unsupported = variant == Variant.PLAIN ? Optional.empty() : compiler.get().unsupported(variant);
      if (unsupported.isPresent()) {
        System.out.println("emulator tests: " + variant.name() + " not run: this machine's compiler cannot make programs of it ("
            + unsupported.get() + "); g++ brings the sanitizers' libraries on most systems");
        continue;
      }
      EmulatorBuild build = new EmulatorBuild(options.root(), compiler.get(), variant);
      for (String folder : files.stream().map(EmulatorTestsGoal::folder).distinct().toList()) {
        suite(build, variant, folder);
      }
    }
  }

  private void suite(EmulatorBuild build, Variant variant, String folder) {
    Sources sources = build.sources();
    List<String> own = new ArrayList<>(sources.files(folder, ".cpp"));
    own.addAll(sources.files(folder, ".cu"));
    own.removeIf(file -> !folder(file).equals(folder));
    List<String> mains = own.stream().filter(file -> MAIN.matcher(sources.read(file)).find()).toList();
    own.removeAll(mains);
    List<String> common = new ArrayList<>(own);
    common.addAll(EmulatorBuild.runtime(sources));
    common.addAll(EmulatorBuild.units(sources, options.units()));
    List<ObjectCache.Entry> objects = build.objects(common);
    List<ObjectCache.Entry> programs = build.objects(mains);
    for (int i = 0; i < mains.size(); i++) {
      List<ObjectCache.Entry> linked = new ArrayList<>(List.of(programs.get(i)));
      linked.addAll(objects);
      String name = mains.get(i).substring("emulator/test/".length()).replace('/', '-').replace(".cpp", "");
      test(variant, name, build.program(name, linked));
    }
  }

  private static String folder(String file) {
    return file.substring(0, file.lastIndexOf('/'));
  }

  private void test(Variant variant, String name, ObjectCache.Entry program) {
    Output output = new Output(options.target().resolve("native-tests").resolve(variant.name()));
    byte[] bytes = Output.read(program.file());
    String stamp = new Digest().add(Digest.of(bytes)).add(settings()).hex();
    Path passed = output.file(name + ".passed");
    if (Files.exists(passed) && stamp.equals(new String(Output.read(passed), StandardCharsets.UTF_8))) {
      System.out.println("emulator tests: " + variant.name() + " " + name + " passed before, and nothing has changed");
      return;
    }
    output.write(name, bytes);
    if (!output.file(name).toFile().setExecutable(true)) {
      throw new BuildFailure("cannot make " + output.file(name) + " executable");
    }
    Command.Result result = Command.run(options.root(), MINUTES, List.of(output.file(name).toString()));
    if (result.failed()) {
      throw new BuildFailure("the test " + variant.name() + " " + name + " failed with status " + result.status() + ":\n"
          + result.output().strip());
    }
    output.write(name + ".passed", stamp);
    System.out.println("emulator tests: " + variant.name() + " " + name + " passed" + result.output().lines().reduce((first, last) -> last)
        .map(last -> ": " + last).orElse(""));
  }

  private static String settings() {
    Map<String, String> settings = new TreeMap<>(System.getenv());
    settings.keySet().removeIf(variable -> !variable.startsWith("GATUN_"));
    return settings.toString();
  }
}
