package dev.gatun.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a process ended.
 *
 * @param code its exit code
 * @param fatal what the JVM wrote about a fatal error, if it did
 * @param output the last lines it printed
 */
record WorkerEnd(int code, Optional<String> fatal, List<String> output) {
  /** A process that a signal ended has this and the signal's number as its exit code. */
  private static final int SIGNALLED = 128;
  private static final int WINDOWS_INTERRUPTED = 0xC000013A;
  private static final Map<Integer, String> SIGNALS = Map.of(1, "SIGHUP", 2, "SIGINT", 4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL",
      11, "SIGSEGV", 13, "SIGPIPE", 15, "SIGTERM");
  private static final int HANG_UP = SIGNALLED + 1;
  private static final int INTERRUPT = SIGNALLED + 2;
  private static final int TERMINATE = SIGNALLED + 15;
  private static final String FRAME = "# Problematic frame:";
  private static final int LOG_HEAD = 40;

  /** Whether it ended as processes do that somebody wants to end, which may come before this process notices the wish. */
  boolean wished() {
    return code == HANG_UP || code == INTERRUPT || code == TERMINATE || code == WINDOWS_INTERRUPTED;
  }

  /** In words: the signal or code, where the JVM says it happened, and what was printed last. Addresses and process numbers, which differ every time, are left out. */
  String words() {
    StringBuilder words = new StringBuilder();
    int signal = code - SIGNALLED;
    words.append(SIGNALS.containsKey(signal) ? "signal " + signal + " (" + SIGNALS.get(signal) + "), exit code " + code : "exit code " + code);
    fatal.ifPresent(text -> words.append("; ").append(text));
    if (!output.isEmpty()) {
      words.append("; it printed last: ").append(String.join(" | ", output));
    }
    return words.toString().replaceAll("0x[0-9a-fA-F]{8,}", "0x…").replaceAll("\\b([pt]id)=\\d+", "$1=…");
  }

  /** Of the JVM's own file about a fatal error, which need not be there: the signal and the frame it came from. */
  static Optional<String> fatal(Path log) {
    if (!Files.isReadable(log)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(log)) {
      List<String> head = lines.limit(LOG_HEAD).toList();
      Optional<String> what = head.stream().filter(line -> line.startsWith("#  ")).map(line -> line.substring(1).strip()).findFirst();
      int frame = head.indexOf(FRAME);
      String where = frame >= 0 && frame + 1 < head.size() ? " in " + head.get(frame + 1).substring(1).strip().replaceAll("\\s+", " ") : "";
      return what.map(text -> "the JVM met " + text.replaceAll(" at pc=.*", "") + where);
    } catch (IOException | UncheckedIOException _) {
      return Optional.empty();
    }
  }
}
