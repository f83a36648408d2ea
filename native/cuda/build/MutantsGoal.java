import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * Builds emulators of kernels that were changed on purpose, for the tests that such changes are noticed. Each folder below
 * {@code target/mutants} holds {@code include}, {@code emulator/include} and {@code kernels} as the root does, with a change; its units are
 * compiled, and {@code libgatun_emulator.so} beside them is the emulator with these units and no others.
 */
final class MutantsGoal {
  private final Options options;

  MutantsGoal(Options options) {
    this.options = options;
  }

  void run() {
    ObjectCache cache = new ObjectCache(options.cache());
    Optional<HostCompiler> compiler = HostCompiler.find(options, cache);
    if (compiler.isEmpty()) {
      System.out.println("mutants: not built: " + HostCompiler.ABSENT);
      return;
    }
    EmulatorBuild build = new EmulatorBuild(options.root(), compiler.get(), Variant.MUTANT);
    List<ObjectCache.Entry> runtime = build.objects(EmulatorBuild.runtime(build.sources()));
    List<Callable<Path>> tasks = new ArrayList<>();
    for (Path folder : folders(options.target().resolve("mutants"))) {
      tasks.add(() -> library(folder, cache, build, runtime));
    }
    System.out.println("mutants: " + Workers.all(tasks).size() + " built");
  }

  private Path library(Path folder, ObjectCache cache, EmulatorBuild build, List<ObjectCache.Entry> runtime) {
    try {
      HostCompiler compiler = HostCompiler.find(options.over(folder), cache).orElseThrow();
      List<ObjectCache.Entry> objects = new ArrayList<>(runtime);
      EmulatorBuild.units(new Sources(folder)).forEach(unit -> objects.add(compiler.kernels(unit, Variant.MUTANT)));
      Output output = new Output(folder);
      output.write("libgatun_emulator.so", Output.read(build.library(objects).file()));
      return output.file("libgatun_emulator.so");
    } catch (BuildFailure failure) {
      throw new BuildFailure("mutant " + folder.getFileName() + ": " + failure.getMessage());
    }
  }

  private static List<Path> folders(Path parent) {
    try (Stream<Path> files = Files.list(parent)) {
      return files.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new BuildFailure("cannot list " + parent, e);
    }
  }
}
