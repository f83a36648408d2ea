package dev.gatun.decoder.tokenizer;

import java.util.Arrays;

/**
 * The printable spelling of bytes in byte-level vocabularies (GPT-2, {@code bytes_to_unicode}): printable Latin-1 stands for itself,
 * the other 68 bytes, in ascending order, are spelled U+0100, U+0101 and so on; a space is {@code Ġ}.
 */
final class ByteAlphabet {
  private static final int[] BYTE_OF = new int[0x100 + 68];

  static {
    int spelled = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      if (!printable) {
        BYTE_OF[b] = -1;
      }
      BYTE_OF[printable ? b : spelled++] = b;
    }
  }

  private ByteAlphabet() {}

  /** The bytes that an entry spells in UTF-8, or null if a character of it belongs to no byte. */
  static byte[] bytesOrNull(byte[] entry) {
    return bytes(entry, 0, entry.length, false);
  }

  /** As {@link #bytesOrNull} for a part of an array. */
  static byte[] bytesOrNull(byte[] entry, int from, int to) {
    return bytes(entry, from, to, false);
  }

  /** The bytes that an entry spells; what belongs to no byte stands for itself. */
  static byte[] bytes(byte[] entry) {
    return bytes(entry, 0, entry.length, true);
  }

  private static byte[] bytes(byte[] entry, int from, int to, boolean keepOthers) {
    byte[] raw = new byte[to - from];
    int length = 0;
    for (int at = from; at < to; ) {
      int size = Math.min(Utf8.length(entry[at]), to - at);
      int b = byteOf(entry, at, size);
      if (b >= 0) {
        raw[length++] = (byte) b;
      } else if (keepOthers) {
        System.arraycopy(entry, at, raw, length, size);
        length += size;
      } else {
        return null;
      }
      at += size;
    }
    return Arrays.copyOf(raw, length);
  }

  private static int byteOf(byte[] entry, int at, int size) {
    int lead = entry[at] & 0xFF;
    if (size == 1) {
      return lead < 0x80 ? BYTE_OF[lead] : -1;
    }
    int point = (lead & 0x1F) << 6 | entry[at + 1] & 0x3F;
    return size == 2 && point >= 0x80 && point < BYTE_OF.length ? BYTE_OF[point] : -1;
  }
}
