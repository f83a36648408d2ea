import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** The objects of the emulator and of the kernels, compiled for the host. */
final class EmulatorBuild {
  private static final String RUNTIME = "emulator/src/";

  private final Sources sources;
  private final HostCompiler compiler;
  private final Variant variant;

  EmulatorBuild(Path root, HostCompiler compiler, Variant variant) {
    this.sources = new Sources(root);
    this.compiler = compiler;
    this.variant = variant;
  }

  /**
   * The objects of these sources: kernels from {@code .cu}, the rest plain C++. In the plain variant they are in their order; in others those of
   * the emulator's own sources come last, and several sources make one object.
   */
  List<ObjectCache.Entry> objects(List<String> files) {
    List<String> apart = new ArrayList<>(files);
    List<Callable<ObjectCache.Entry>> tasks = new ArrayList<>();
    if (variant != Variant.PLAIN) {
      apart.removeIf(file -> file.startsWith(RUNTIME));
    }
    for (String file : apart) {
      tasks.add(() -> file.endsWith(".cu") ? compiler.kernels(file, variant) : compiler.source(file, variant));
    }
    List<String> together = new ArrayList<>(files);
    together.removeAll(apart);
    if (!together.isEmpty()) {
      tasks.addAll(0, compiler.joined(together, variant));
    }
    return Workers.all(tasks);
  }

  /** The shared library of these objects. */
  ObjectCache.Entry library(List<ObjectCache.Entry> objects) {
    List<String> flags = new ArrayList<>(List.of("-shared", "-Wl,-soname,libgatun_emulator.so"));
    flags.addAll(variant.link());
    if (variant.link().isEmpty()) {
      // The library runs on machines with an older libstdc++ than this one's. A sanitizer's runtime stays outside of it.
      flags.addAll(List.of("-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL", "-Wl,--no-undefined"));
    }
    return compiler.link("libgatun_emulator.so", objects, flags);
  }

  /** A program of these objects. */
  ObjectCache.Entry program(String name, List<ObjectCache.Entry> objects) {
    return compiler.link(name, objects, variant.link());
  }

  /** The emulator's own sources. */
  static List<String> runtime(Sources sources) {
    return sources.files(RUNTIME.substring(0, RUNTIME.length() - 1), ".cpp");
  }

  /** The units of kernels. */
  static List<String> units(Sources sources) {
    return sources.files("kernels", ".cu");
  }

  /** The units of these names; all when there are none. */
  static List<String> units(Sources sources, List<String> names) {
    List<String> files = units(sources);
    for (String name : names) {
      if (files.stream().noneMatch(file -> Sources.unit(file).equals(name))) {
        throw new BuildFailure("there is no unit " + name);
      }
    }
    return files.stream().filter(file -> names.isEmpty() || names.contains(Sources.unit(file))).toList();
  }

  Sources sources() {
    return sources;
  }
}
