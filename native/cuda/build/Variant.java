import java.util.ArrayList;
import java.util.List;

/**
 * A way to build the emulator. Kernels of the plain one are instrumented as for ThreadSanitizer and for misaligned pointers, and the machine,
 * which is the part of the emulator that runs kernels, answers the calls that this puts in: so it sees every access of a kernel. The
 * sanitized ones hold kernels and the emulator itself to a second opinion; what of the machine's checks needs its seeing every access is off
 * there.
 *
 * @param kernels flags for units of kernels
 * @param machine flags for the part of the machine that runs on the stacks of a kernel's threads
 * @param rest flags for everything else
 * @param link flags for linking
 */
record Variant(String name, List<String> kernels, List<String> machine, List<String> rest, List<String> link) {
  private static final List<String> FAST = List.of("-O2");
  // Unoptimised code takes a third of the time to compile under UBSan, and little of it runs. A null pointer ends a program anyway.
  private static final List<String> ADDRESS = List.of("-O0", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
      "-fno-sanitize=null,object-size", "-fno-sanitize-recover=undefined");
  private static final List<String> THREAD = List.of("-O1", "-g1", "-fno-omit-frame-pointer", "-DGATUN_THREAD_SANITIZED");
  private static final List<String> THREAD_SEEN = and(THREAD, "-fsanitize=thread");

  static final Variant PLAIN = new Variant("plain", and(FAST, "-fsanitize=thread,alignment"), FAST, FAST, List.of());
  /**
   * As the plain one, but for kernels that run once: compiled in less time, free to leave what a change made useless, and with many in a
   * process.
   */
  static final Variant MUTANT = new Variant("mutant", List.of("-O1", "-fsanitize=thread,alignment", "-w"), and(FAST, "-DGATUN_MANY_EMULATORS"),
      FAST, List.of());
  // What the machine does for a thread of a block and then for the next would look like a race between the two.
  static final List<Variant> SANITIZED = List.of(
      new Variant("asan-ubsan", ADDRESS, ADDRESS, ADDRESS, List.of("-fsanitize=address,undefined")),
      new Variant("tsan", THREAD_SEEN, THREAD, THREAD_SEEN, List.of("-fsanitize=thread")));

  /** The variants of these names, or others when no name is given; none for the name {@code none}. */
  static List<Variant> named(List<String> names, List<Variant> otherwise) {
    if (names.equals(List.of("none"))) {
      return List.of();
    }
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
