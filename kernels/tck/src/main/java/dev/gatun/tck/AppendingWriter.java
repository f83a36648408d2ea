package dev.gatun.tck;

import java.io.IOException;
import java.io.Writer;
import java.nio.CharBuffer;

/** Writes to what it is given, and leaves that open. */
final class AppendingWriter extends Writer {
  private final Appendable out;

  AppendingWriter(Appendable out) {
    this.out = out;
  }

  @Override
  public void write(char[] text, int from, int count) throws IOException {
    out.append(CharBuffer.wrap(text, from, count));
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
