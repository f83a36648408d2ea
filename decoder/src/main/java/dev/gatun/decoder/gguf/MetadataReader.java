package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import java.util.LinkedHashMap;
import java.util.Map;

/** Walks the metadata section once, checks every value and keeps its bytes. */
final class MetadataReader {
  /** The specification's limit for keys. */
  static final int LONGEST_KEY = 65535;

  private static final int MOST_ELEMENTS = 1 << 24;
  private static final int MOST_STRINGS = 1 << 22;
  private static final int LONGEST_STRING = 64 << 20;
  private static final int DEEPEST_ARRAY = 8;

  private final GgufCursor in;

  MetadataReader(GgufCursor in) {
    this.in = in;
  }

  Map<String, MetadataValue> read(long count) {
    Map<String, MetadataValue> values = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      String key = in.text("metadata key " + i, LONGEST_KEY);
      if (values.put(key, value("metadata " + quoted(key))) != null) {
        throw in.error("metadata key " + quoted(key) + " occurs twice");
      }
    }
    return values;
  }

  private MetadataValue value(String what) {
    MetadataType type = type(what);
    if (type == MetadataType.ARRAY) {
      MetadataType element = type(what);
      int count = count(what, element);
      long start = in.at();
      elements(what, element, count, 1);
      return new MetadataValue(type, element, count, in.bytes(start, in.at() - start));
    }
    long start = in.at();
    elements(what, type, 1, 0);
    return new MetadataValue(type, type, 1, in.bytes(start, in.at() - start));
  }

  private MetadataType type(String what) {
    int id = in.i32(what);
    return MetadataType.ofId(id).orElseThrow(() -> in.error(what + " has the unknown value type " + Integer.toUnsignedString(id)));
  }

  private int count(String what, MetadataType element) {
    return (int) in.count("elements of " + what, element.leastBytes(), element.bytes() > 0 ? MOST_ELEMENTS : MOST_STRINGS);
  }

  private void elements(String what, MetadataType type, int count, int depth) {
    switch (type) {
      case STRING -> {
        for (int i = 0; i < count; i++) {
          in.skip(in.length(what, LONGEST_STRING), what);
        }
      }
      case BOOL -> {
        for (int i = 0; i < count; i++) {
          int value = in.u8(what);
          if (value > 1) {
            throw in.error(what + " is a BOOL with the value " + value + "; only 0 and 1 are valid");
          }
        }
      }
      case ARRAY -> {
        if (depth >= DEEPEST_ARRAY) {
          throw in.error(what + " nests arrays deeper than " + DEEPEST_ARRAY);
        }
        for (int i = 0; i < count; i++) {
          MetadataType element = type(what);
          elements(what, element, count(what, element), depth + 1);
        }
      }
      default -> in.skip((long) count * type.bytes(), what);
    }
  }
}
