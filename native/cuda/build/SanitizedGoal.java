import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Builds the emulator's library under sanitizers, into {@code target/sanitized/VARIANT}. */
final class SanitizedGoal {
  private final Options options;

  SanitizedGoal(Options options) {
    this.options = options;
  }

  void run() {
    Optional<HostCompiler> compiler = HostCompiler.find(options, new ObjectCache(options.cache()));
    if (compiler.isEmpty()) {
      System.out.println("sanitized: not built: " + HostCompiler.ABSENT);
      return;
    }
    for (Variant variant : Variant.named(options.variants(), Variant.SANITIZED)) {
      Optional<String> unsupported = compiler.get().unsupported(variant);
      if (unsupported.isPresent()) {
        System.out.println("sanitized: " + variant.name() + " not built: this machine's compiler cannot make programs of it ("
            + unsupported.get() + ")");
        continue;
      }
      EmulatorBuild build = new EmulatorBuild(options.root(), compiler.get(), variant);
      List<String> files = new ArrayList<>(EmulatorBuild.runtime(build.sources()));
      files.addAll(EmulatorBuild.units(build.sources(), options.units()));
      Output output = new Output(options.target().resolve("sanitized").resolve(variant.name()));
      output.write("libgatun_emulator.so", Output.read(build.library(build.objects(files)).file()));
      System.out.println("sanitized: " + output.file("libgatun_emulator.so"));
    }
  }
}
