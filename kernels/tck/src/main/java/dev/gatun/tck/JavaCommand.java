package dev.gatun.tck;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The arguments that start another JVM with the classes and settings of this one. */
final class JavaCommand {
  private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)([kKmMgGtT]?)");

  /** What only one JVM can have: debuggers, agents, files it writes, ports; and what is set anew. */
  private static final Pattern OWN = Pattern.compile("-javaagent:.*|-agentlib:.*|-agentpath:.*|-Xrun.*|-Xdebug|-Xnoagent|-XX:StartFlightRecording.*"
      + "|-XX:FlightRecorderOptions.*|-XX:SharedArchiveFile=.*|-XX:[+]AutoCreateSharedArchive|-XX:ArchiveClassesAtExit=.*|-XX:AOT.*|-Xshare:dump"
      + "|-Xloggc:.*|-Xlog:.*file=.*|-XX:ErrorFile=.*|-XX:OnError=.*|-XX:OnOutOfMemoryError=.*|-XX:HeapDumpPath=.*|-XX:[+]HeapDumpOnOutOfMemoryError"
      + "|-XX:[+]ShowMessageBoxOnError|-Dcom[.]sun[.]management[.].*|-Djdk[.]module[.].*|-Dgatun[.]stderr=.*|-Djava[.]class[.]path=.*|--class-path=.*|--module-path=.*|-Xmx.*|-XX:MaxHeapSize=.*");
  private static final long LEAST_HEAP = 2L << 30;

  private JavaCommand() {}

  /** The java program of this JVM. */
  static String program() {
    String name = System.getProperty("os.name").startsWith("Windows") ? "java.exe" : "java";
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  /** What follows it to run {@code main} of this module. */
  static List<String> arguments(Class<?> main, List<String> more) {
    List<String> inherited = ManagementFactory.getRuntimeMXBean().getInputArguments();
    List<String> words = new ArrayList<>(inherited(inherited));
    words.add("-Xmx" + heap(inherited) / (1 << 20) + "m");
    words.addAll(more);
    property("java.class.path").ifPresent(path -> words.addAll(List.of("--class-path", path)));
    // Also beside a class path: a backend's runtime may come as modules.
    property("jdk.module.path").ifPresent(path -> words.addAll(List.of("--module-path", path)));
    property("jdk.module.upgrade.path").ifPresent(path -> words.addAll(List.of("--upgrade-module-path", path)));
    if (main.getModule().isNamed()) {
      // The application's own module, so that its whole graph, with every backend in it, is there.
      property("jdk.module.main").ifPresent(module -> words.addAll(List.of("--add-modules", module)));
      words.addAll(List.of("--module", main.getModule().getName() + "/" + main.getName()));
    } else {
      words.add(main.getName());
    }
    return words;
  }

  private static Optional<String> property(String name) {
    return Optional.ofNullable(System.getProperty(name)).filter(value -> !value.isBlank());
  }

  static List<String> inherited(List<String> arguments) {
    return arguments.stream().filter(word -> !OWN.matcher(word).matches()).toList();
  }

  /** The heap that the last of the flags allows, and enough for the oracle's largest cases. */
  static long heap(List<String> arguments) {
    long heap = 0;
    for (String word : arguments) {
      Matcher size = HEAP.matcher(word);
      if (size.matches()) {
        int shift = "kmgt".indexOf(size.group(2).toLowerCase(Locale.ROOT)) + 1;
        heap = Long.parseLong(size.group(1)) << (size.group(2).isEmpty() ? 0 : 10 * shift);
      }
    }
    return Math.max(heap, LEAST_HEAP);
  }

  /** Arguments as a file for {@code java @file}, which no system's limit on command lines cuts short. */
  static List<String> file(List<String> arguments) {
    return arguments.stream().map(word -> "\"" + word.replace("\\", "\\\\").replace("\"", "\\\"") + "\"").toList();
  }
}
