package dev.gatun.decoder.cli;

import java.io.ByteArrayInputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes.
 *
 * @param in what {@code -} stands for
 * @param out takes results and nothing else
 * @param err takes messages, and progress where a person sees it
 * @param outSeen whether {@code out} is a terminal
 * @param errSeen whether {@code err} is a terminal
 */
record Terminal(InputStream in, PrintStream out, PrintStream err, boolean outSeen, boolean errSeen) {
  private static final int BUFFER = 1 << 16;

  /** The process's own streams. Output is UTF-8 whatever the locale, as JSON must be; a Windows terminal gets its own encoding. */
  static Terminal ofProcess() {
    boolean outSeen = isTerminal("gatun.stdout.terminal");
    boolean errSeen = isTerminal("gatun.stderr.terminal");
    Charset charset = outSeen && System.getProperty("os.name").startsWith("Windows") ? System.out.charset() : StandardCharsets.UTF_8;
    PrintStream out = new PrintStream(new java.io.BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER), false, charset);
    return new Terminal(System.in, out, System.err, outSeen, errSeen);
  }

  /** Streams that nobody watches, with nothing to read. */
  static Terminal of(PrintStream out, PrintStream err) {
    return new Terminal(new ByteArrayInputStream(new byte[0]), out, err, false, false);
  }

  /** The launcher script knows for each stream; {@link Console} tells only whether input and output both are terminals. */
  private static boolean isTerminal(String property) {
    String known = System.getProperty(property);
    if (known != null) {
      return Boolean.parseBoolean(known);
    }
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
