package dev.gatun.decoder.gguf;

import dev.gatun.GatunException;
import java.nio.file.Path;

/** A GGUF file that can't be read, used or written. The message is one line that names the file and the cause. */
public final class GgufException extends GatunException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_NAME = 80;

  /** The message is {@code file: cause}, with control characters escaped so that it stays one line. */
  public GgufException(Path file, String cause) {
    super(oneLine(file + ": " + cause));
  }

  /** As {@link #GgufException(Path, String)}, keeping what led to it. */
  public GgufException(Path file, String cause, Throwable source) {
    super(oneLine(file + ": " + cause), source);
  }

  /** A name found in a file, in quotes, cut when it is too long to be read in a message. */
  static String quoted(String name) {
    return name.length() <= LONGEST_NAME ? "'" + name + "'" : "'" + name.substring(0, LONGEST_NAME) + "…'";
  }

  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }
}
