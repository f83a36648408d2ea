package dev.gatun.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The last lines that a process prints, however much it prints. */
final class Tail {
  private static final int LINES = 12;
  private static final int WIDEST = 400;
  private static final long END_MILLIS = 2000;

  private final Deque<String> lines = new ArrayDeque<>();
  private final Thread reader;

  Tail(InputStream in) {
    reader = Thread.ofPlatform().daemon().name("validation-output").start(() -> read(in));
  }

  private void read(InputStream in) {
    try (BufferedReader text = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      StringBuilder line = new StringBuilder();
      for (int next = text.read(); next >= 0; next = text.read()) {
        if (next == '\n') {
          keep(line.toString().strip());
          line.setLength(0);
        } else if (line.length() < WIDEST) {
          line.append((char) next);
        }
      }
      keep(line.toString().strip());
    } catch (IOException _) {
      // The process is gone; what it said before is kept.
    }
  }

  private synchronized void keep(String line) {
    // A fatal error's own lines start with #; the JVM also writes them into the file that they come from.
    if (line.isEmpty() || line.startsWith("#") || line.startsWith("WARNING: Using incubator modules") || line.endsWith("Loading hsdis library failed")) {
      return;
    }
    if (lines.size() == LINES) {
      lines.removeFirst();
    }
    lines.add(line);
  }

  /** The lines there are once the process has ended. */
  List<String> last() {
    try {
      // A child of the process may hold its output open for ever.
      reader.join(END_MILLIS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      return List.copyOf(lines);
    }
  }
}
