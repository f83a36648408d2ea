import java.util.ArrayList;
import java.util.List;

/**
 * A way to build the emulator. Kernels of the plain one are instrumented as for ThreadSanitizer and for misaligned pointers, and the
 * emulator itself answers the calls that this puts in: so it sees every access of a kernel.
 *
 * @param kernelFlags for kernels alone
 * @param flags for everything compiled
 * @param linkFlags for linking
 */
record Variant(String name, List<String> kernelFlags, List<String> flags, List<String> linkFlags) {
  static final Variant PLAIN = new Variant("plain", List.of("-fsanitize=thread,alignment"), List.of("-O2"), List.of());

  private static final List<String> DEBUG = List.of("-O1", "-g", "-fno-omit-frame-pointer");
  static final List<Variant> SANITIZED = List.of(
      new Variant("asan-ubsan", List.of(), and(DEBUG, "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
          List.of("-fsanitize=address,undefined")),
      new Variant("tsan", List.of(), and(DEBUG, "-fsanitize=thread"), List.of("-fsanitize=thread")));

  /** The variants of these names, or others when no name is given. */
  static List<Variant> named(List<String> names, List<Variant> otherwise) {
    List<Variant> known = new ArrayList<>(SANITIZED);
    known.addFirst(PLAIN);
    return names.isEmpty() ? otherwise : names.stream()
        .map(name -> known.stream().filter(variant -> variant.name().equals(name)).findFirst()
        .orElseThrow(() -> new BuildFailure("there is no variant " + name + "; they are "
            + String.join(", ", known.stream().map(Variant::name).toList())))).toList();
  }

  private static List<String> and(List<String> flags, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return List.copyOf(all);
  }
}
