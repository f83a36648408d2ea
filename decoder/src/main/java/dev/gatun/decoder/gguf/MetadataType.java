package dev.gatun.decoder.gguf;

import java.util.Optional;

/** The types of metadata values, in the order of their numbers in a GGUF file (GGUF specification, {@code gguf_metadata_value_type}). */
public enum MetadataType {
  /** Unsigned 8-bit integer. */
  UINT8(1),
  /** Signed 8-bit integer. */
  INT8(1),
  /** Unsigned 16-bit integer. */
  UINT16(2),
  /** Signed 16-bit integer. */
  INT16(2),
  /** Unsigned 32-bit integer. */
  UINT32(4),
  /** Signed 32-bit integer. */
  INT32(4),
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** One byte, 0 or 1. */
  BOOL(1),
  /** A 64-bit length and that many bytes of UTF-8. */
  STRING(0),
  /** An element type, a 64-bit count and the elements. */
  ARRAY(0),
  /** Unsigned 64-bit integer. */
  UINT64(8),
  /** Signed 64-bit integer. */
  INT64(8),
  /** IEEE 754 binary64. */
  FLOAT64(8);

  private static final MetadataType[] BY_ID = values();

  private final int bytes;

  MetadataType(int bytes) {
    this.bytes = bytes;
  }

  /** The number that stands for this type in a file. */
  public int id() {
    return ordinal();
  }

  /** Bytes that a value takes; 0 where that depends on the value. */
  public int bytes() {
    return bytes;
  }

  /** Whether this is one of the eight integer types. */
  public boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
    };
  }

  /** Whether this is an integer or a float type. */
  public boolean isNumber() {
    return isInteger() || this == FLOAT32 || this == FLOAT64;
  }

  /** The type with this number in a file. */
  public static Optional<MetadataType> ofId(int id) {
    return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
  }

  /** The fewest bytes that one value can take: a bound on how many can follow. */
  int leastBytes() {
    return switch (this) {
      case STRING -> Long.BYTES;
      case ARRAY -> Integer.BYTES + Long.BYTES;
      default -> bytes;
    };
  }
}
