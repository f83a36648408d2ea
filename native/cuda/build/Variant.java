import java.util.ArrayList;
import java.util.List;

/**
 * A way to build the emulator. Kernels of the plain one are instrumented as for ThreadSanitizer and for misaligned pointers, and the emulator itself answers the
 * calls that this puts in: so it sees every access of a kernel.
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

  /** The sanitized variants of these names; all when no name is given. */
  static List<Variant> sanitized(List<String> names) {
    List<String> known = SANITIZED.stream().map(Variant::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new BuildFailure("there is no sanitized variant " + name + "; they are " + String.join(", ", known));
      }
    }
    return SANITIZED.stream().filter(variant -> names.isEmpty() || names.contains(variant.name())).toList();
  }

  private static List<String> and(List<String> flags, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return List.copyOf(all);
  }
}
