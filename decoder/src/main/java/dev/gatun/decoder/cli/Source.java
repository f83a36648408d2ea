package dev.gatun.decoder.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Text given as an argument, in a file, or on standard input. */
final class Source {
  private Source() {}

  /** {@code text} itself, or all of standard input where it is {@code -}. */
  static String argument(String text, Terminal terminal) {
    if (!text.equals("-")) {
      return text;
    }
    try {
      return utf8(terminal.in().readAllBytes(), "standard input");
    } catch (IOException e) {
      throw new InputException("standard input: " + e.getMessage(), e);
    }
  }

  /** What a file holds, byte for byte. */
  static String file(Path file) {
    try {
      return utf8(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException e) {
      throw new InputException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new InputException(file + ": can't be read (" + e.getClass().getSimpleName() + " " + e.getMessage() + ")", e);
    } catch (OutOfMemoryError e) {
      throw new InputException(file + ": is too large for a prompt", e);
    }
  }

  private static String utf8(byte[] bytes, String name) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new InputException(name + ": is no UTF-8 text", e);
    }
  }
}
