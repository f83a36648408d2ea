package dev.gatun.bench.call;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The name under which the system's loader knows a shared library of 64-bit ELF, {@code DT_SONAME}. A library that needs another of that name takes the one that is
 * loaded already. Fields are those of the System V ABI, chapters 4 and 5.
 */
final class SharedName {
  private static final int CLASS = 4;
  private static final int BITS_64 = 2;
  private static final int DATA = 5;
  private static final int LITTLE_ENDIAN = 1;
  private static final int PROGRAM_HEADERS = 32;
  private static final int PROGRAM_HEADER_SIZE = 54;
  private static final int PROGRAM_HEADER_COUNT = 56;
  private static final int LOAD = 1;
  private static final int DYNAMIC = 2;
  private static final int STRING_TABLE = 5;
  private static final int NAME = 14;

  private final ByteBuffer file;

  private SharedName(byte[] library) {
    this.file = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The library with another name, which must not be longer. @throws IllegalArgumentException for a file without a name, or one that is no such library */
  static byte[] changed(byte[] library, String name) {
    byte[] copy = library.clone();
    SharedName elf = new SharedName(copy);
    int at = elf.place();
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length > elf.length(at)) {
      throw new IllegalArgumentException("the name " + name + " is longer than the library's own");
    }
    System.arraycopy(bytes, 0, copy, at, bytes.length);
    copy[at + bytes.length] = 0;
    return copy;
  }

  /** The name. */
  static String of(byte[] library) {
    SharedName elf = new SharedName(library);
    int at = elf.place();
    return new String(library, at, elf.length(at), StandardCharsets.US_ASCII);
  }

  private int length(int at) {
    int end = at;
    while (file.get(end) != 0) {
      end++;
    }
    return end - at;
  }

  private int place() {
    if (file.limit() < 64 || file.getInt(0) != 0x464c457f || file.get(CLASS) != BITS_64 || file.get(DATA) != LITTLE_ENDIAN) {
      throw new IllegalArgumentException("no 64-bit little-endian ELF file");
    }
    long names = -1;
    long offset = -1;
    for (int entry = start(DYNAMIC); file.getLong(entry) != 0; entry += 16) {
      if (file.getLong(entry) == STRING_TABLE) {
        names = file.getLong(entry + 8);
      } else if (file.getLong(entry) == NAME) {
        offset = file.getLong(entry + 8);
      }
    }
    if (names < 0 || offset < 0) {
      throw new IllegalArgumentException("the library has no name");
    }
    return Math.toIntExact(inFile(names) + offset);
  }

  private int header(int i) {
    return Math.toIntExact(file.getLong(PROGRAM_HEADERS)) + i * file.getShort(PROGRAM_HEADER_SIZE);
  }

  private int start(int type) {
    for (int i = 0; i < file.getShort(PROGRAM_HEADER_COUNT); i++) {
      if (file.getInt(header(i)) == type) {
        return Math.toIntExact(file.getLong(header(i) + 8));
      }
    }
    throw new IllegalArgumentException("the library has no dynamic section");
  }

  private long inFile(long address) {
    for (int i = 0; i < file.getShort(PROGRAM_HEADER_COUNT); i++) {
      long from = file.getLong(header(i) + 16);
      if (file.getInt(header(i)) == LOAD && address >= from && address < from + file.getLong(header(i) + 32)) {
        return address - from + file.getLong(header(i) + 8);
      }
    }
    throw new IllegalArgumentException("the library's names lie outside its file");
  }
}
