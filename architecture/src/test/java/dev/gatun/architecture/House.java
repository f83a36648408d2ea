package dev.gatun.architecture;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where the published modules' classes and sources lie in the working tree. */
final class House {
  static final Path ROOT = root();
  static final List<String> PUBLISHED = List.of("ffi-bindings", "kernels/api", "kernels/cpu", "kernels/c", "kernels/cuda", "kernels/tornado",
      "kernels/tck", "decoder");
  /** Published too, and without Java: they hold only resources, so they declare no module and get their module's name from the jar's manifest. */
  static final List<String> RESOURCES = List.of("native/cpu", "native/cuda", "native/cuda/emulator");

  private House() {}

  static Path classes(String module) {
    Path classes = ROOT.resolve(module, "target", "classes");
    if (!Files.exists(classes.resolve("module-info.class"))) {
      throw new IllegalStateException(classes + " holds no compiled module; build it too, with -am");
    }
    return classes;
  }

  static Path sources(String module) {
    return ROOT.resolve(module, "src", "main", "java");
  }

  private static Path root() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("bom", "pom.xml")) && Files.exists(folder.resolve("kernels"))) {
        return folder;
      }
    }
    throw new IllegalStateException("the working directory is not inside the repository");
  }
}
