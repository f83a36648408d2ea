import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Builds the emulator's library under sanitizers, into {@code target/sanitized/VARIANT}. A program that was not built so, such as java, can
 * load that of AddressSanitizer if it loads the sanitizer's own library first; {@code jvm.properties} beside it then names both.
 */
final class SanitizedGoal {
  private static final String JVM = "jvm.properties";
  private static final String LIBRARY = "libgatun_emulator.so";

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
      Output output = new Output(options.target().resolve("sanitized").resolve(variant.name()));
      Optional<String> unsupported = compiler.get().unsupported(variant);
      if (unsupported.isPresent()) {
        System.out.println("sanitized: " + variant.name() + " not built: this machine's compiler cannot make programs of it ("
            + unsupported.get() + ")");
        output.keepOnly(List.of());
        continue;
      }
      EmulatorBuild build = new EmulatorBuild(options.root(), compiler.get(), variant);
      List<String> files = new ArrayList<>(EmulatorBuild.runtime(build.sources()));
      files.addAll(EmulatorBuild.units(build.sources(), options.units()));
      output.write(LIBRARY, Output.read(build.library(build.objects(files)).file()));
      System.out.println("sanitized: " + output.file(LIBRARY));
      Optional<Path> runtime = variant.name().equals("asan-ubsan") ? compiler.get().library("libasan.so") : Optional.empty();
      runtime.ifPresent(path -> output.write(JVM, "library=" + output.file(LIBRARY) + "\npreload=" + path + "\n"));
      output.keepOnly(runtime.isPresent() ? List.of(LIBRARY, JVM) : List.of(LIBRARY));
    }
  }
}
