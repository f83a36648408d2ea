import java.util.ArrayList;
import java.util.List;

/**
 * A way to build the emulator. Kernels of the plain one are instrumented as for ThreadSanitizer and for misaligned pointers, and the machine,
 * which is the part of the emulator that runs kernels, answers the calls that this puts in: so it sees every access of a kernel. The
 * sanitized ones are for mistakes of the emulator itself, and of kernels within their own stacks; the machine checks nothing there.
 *
 * @param kernels flags for units of kernels
 * @param machine flags for the machine
 * @param rest flags for everything else
 * @param link flags for linking
 */
record Variant(String name, List<String> kernels, List<String> machine, List<String> rest, List<String> link) {
  private static final List<String> FAST = List.of("-O2");
  private static final List<String> DEBUG = List.of("-O1", "-g", "-fno-omit-frame-pointer");
  private static final List<String> ADDRESS = and(DEBUG, "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined");

  static final Variant PLAIN = new Variant("plain", and(FAST, "-fsanitize=thread,alignment"), FAST, FAST, List.of());
  /**
   * As the plain one, but for kernels that run once: compiled in less time, free to leave what a change made useless, and with many in a
   * process.
   */
  static final Variant MUTANT = new Variant("mutant", List.of("-O1", "-fsanitize=thread,alignment", "-w"), and(FAST, "-DGATUN_MANY_EMULATORS"),
      FAST, List.of());
  // ThreadSanitizer must not see the switches between the threads of a block, which are all one thread of the host.
  static final List<Variant> SANITIZED = List.of(
      new Variant("asan-ubsan", ADDRESS, ADDRESS, ADDRESS, List.of("-fsanitize=address,undefined")),
      new Variant("tsan", DEBUG, and(DEBUG, "-DGATUN_THREAD_SANITIZED"), and(DEBUG, "-fsanitize=thread"), List.of("-fsanitize=thread")));

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
