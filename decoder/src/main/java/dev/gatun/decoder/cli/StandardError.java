package dev.gatun.decoder.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;

/**
 * The standard error that the launcher script was given.
 *
 * <p>The JVM announces the incubating Vector API on standard error before {@code main} runs and has no flag against it, so the script starts
 * the JVM with that stream behind a filter and names the real one's descriptor in the system property {@code gatun.stderr}. Going back to it
 * keeps messages in order with standard output and written before the process ends.
 */
final class StandardError {
  private StandardError() {}

  /** Makes {@link System#err} write to the stream the script was given; without the script changes nothing. */
  static void restore() {
    Integer descriptor = Integer.getInteger("gatun.stderr");
    if (descriptor == null) {
      return;
    }
    try {
      // Opening /dev/fd/N instead would start a second file offset, and overwrite what others write to the same file.
      Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
      constructor.setAccessible(true);
      System.setErr(new PrintStream(new FileOutputStream(constructor.newInstance(descriptor)), true, System.err.charset()));
    } catch (ReflectiveOperationException | RuntimeException _) {
      // A JVM that keeps its descriptors closed: the filtered stream still carries everything.
    }
  }
}
