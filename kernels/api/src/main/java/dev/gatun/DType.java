package dev.gatun;

import java.util.Locale;
import java.util.Optional;

/**
 * The element type of a {@link Tensor}, with its exact layout in memory.
 *
 * <p>All multi-byte fields are little endian. A <em>scalar</em> type holds one element per unit. A <em>block</em> type packs
 * {@link #blockSize()} consecutive elements of a row into {@link #blockBytes()} bytes; a row's length is a multiple of the block
 * size and its blocks are contiguous. The block types are those of the GGUF format (ggml's {@code ggml-common.h} names them with
 * the same names); {@code d}, {@code m} and {@code dmin} below are F16, {@code q[i]} is element i of the block.
 */
public enum DType {
  /** IEEE 754 binary32. */
  F32(1, 4),
  /** IEEE 754 binary16. */
  F16(1, 2),
  /** The upper 16 bits of an F32. */
  BF16(1, 2),
  /** Signed 8-bit integer. */
  I8(1, 1),
  /** Signed 32-bit integer. */
  I32(1, 4),
  /** 8-bit float, 4 exponent bits (bias 7), 3 mantissa bits; no infinities, 0x7F and 0xFF are NaN; largest value 448 (OCP FP8). */
  F8_E4M3(1, 1),
  /** 8-bit float, 5 exponent bits (bias 15), 2 mantissa bits; infinities and NaN as in IEEE 754; largest value 57344 (OCP FP8). */
  F8_E5M2(1, 1),
  /** {@code d (2 bytes), int8 q[32]}: {@code x[i] = d·q[i]}. */
  Q8_0(32, 34),
  /** {@code d (2), nibbles (16)}: low nibble of byte j is q[j], high nibble q[j+16]; {@code x[i] = d·(q[i] − 8)}. */
  Q4_0(32, 18),
  /** {@code d (2), m (2), nibbles (16)}, nibbles as in {@link #Q4_0}: {@code x[i] = d·q[i] + m}. */
  Q4_1(32, 20),
  /** {@code d (2), high bits (4), nibbles (16)}: bit i of the little-endian word is bit 4 of q[i]; {@code x[i] = d·(q[i] − 16)}. */
  Q5_0(32, 22),
  /** {@code d (2), m (2), high bits (4), nibbles (16)}, bits as in {@link #Q5_0}: {@code x[i] = d·q[i] + m}. */
  Q5_1(32, 24),
  /**
   * {@code scales (16), q (64), d (2), dmin (2)}: 16 groups of 16; low nibble of {@code scales[g]} is the group's scale, high nibble its
   * minimum; element {@code 128h + 32s + l} has bits {@code 2s} and {@code 2s+1} of byte {@code 32h + l};
   * {@code x[i] = d·scale·q[i] − dmin·min}.
   */
  Q2_K(256, 84),
  /**
   * {@code hmask (32), q (64), scales (12), d (2)}: 16 groups of 16 with 6-bit scales; low two bits of an element as in {@link #Q2_K}, bit 2
   * of element {@code 32k + l} is bit k of {@code hmask[l]}; scale g: low nibbles of bytes 0–7 (g &lt; 8) or their high nibbles (g ≥ 8),
   * upper two bits are bits {@code 2(g/4)} and up of byte {@code 8 + g%4}; {@code x[i] = d·(scale − 32)·(q[i] − 4)}.
   */
  Q3_K(256, 110),
  /**
   * {@code d (2), dmin (2), scales (12), nibbles (128)}: 8 groups of 32; element {@code 64h + l} is the low nibble of byte
   * {@code 32h + l}, element {@code 64h + 32 + l} its high nibble. For g &lt; 4 scale and minimum are the low six bits of bytes g and g+4;
   * for g ≥ 4 the scale's low nibble is that of byte g+4 and its upper two bits are bits 6–7 of byte g−4, the minimum's low nibble is the
   * high nibble of byte g+4 and its upper two bits are bits 6–7 of byte g; {@code x[i] = d·scale·q[i] − dmin·min}.
   */
  Q4_K(256, 144),
  /**
   * {@code d (2), dmin (2), scales (12), high bits (32), nibbles (128)}: as {@link #Q4_K}, with bit {@code g} of {@code high[l]} as bit 4 of
   * element l of group g.
   */
  Q5_K(256, 176),
  /**
   * {@code ql (128), qh (64), int8 scales[16], d (2)}: 16 groups of 16. For half h of 128 and quarter s, element
   * {@code 128h + 32s + l} has the low (s &lt; 2) or high (s ≥ 2) nibble of {@code ql[64h + 32(s%2) + l]} and, above it, bits {@code 2s}
   * and {@code 2s+1} of {@code qh[32h + l]}; {@code x[i] = d·scale[i/16]·(q[i] − 32)}.
   */
  Q6_K(256, 210),
  /**
   * {@code d (2), nibbles (16)}, nibbles as in {@link #Q4_0}: {@code x[i] = d·table[q[i]]} with the table
   * −127, −104, −83, −65, −49, −35, −22, −10, 1, 13, 25, 38, 53, 69, 89, 113.
   */
  IQ4_NL(32, 18),
  /**
   * {@code e (1), nibbles (16)}, nibbles as in {@link #Q4_0}: {@code x[i] = 2^(e − 127)·v} with v from the E2M1 values 0, 0.5, 1, 1.5, 2,
   * 3, 4, 6 and, for q ≥ 8, their negatives, 8 being zero (OCP microscaling formats). A scale byte of 255, which OCP calls NaN, is
   * 2^128 like any other here, as llama.cpp reads it.
   */
  MXFP4(32, 17),
  /**
   * {@code d (2), upper scale bits (2), lower scale bits (4), nibbles (128)}: 8 groups of 32, each with nibbles as in {@link #Q4_0} in 16 bytes of its own;
   * scale g has its low four bits in the low (g even) or high nibble of byte {@code g/2}, its upper two in bits {@code 2g} and {@code 2g+1} of the
   * little-endian upper bits; {@code x[i] = d·(scale − 32)·table[q[i]]} with the table of {@link #IQ4_NL}.
   */
  IQ4_XS(256, 136),
  /**
   * {@code bytes (48), last bytes (4), d (2)}: ternary digits, as fractions. Byte b stands for b/256, whose digits to base 3 are its elements, less one each:
   * {@code t[n] = ⌊3·(b·3^n mod 256)/256⌋}, so that five fit in a byte. Element {@code 32n + m} is digit n of byte m for m &lt; 32 and n &lt; 5, element
   * {@code 160 + 16n + m} digit n of byte {@code 32 + m} for m &lt; 16, element {@code 240 + 4n + m} digit n &lt; 4 of last byte m;
   * {@code x[i] = d·(t[i] − 1)}.
   */
  TQ1_0(256, 54),
  /** {@code pairs (64), d (2)}: element {@code 128h + 32s + l} has bits {@code 2s} and {@code 2s+1} of byte {@code 32h + l}; {@code x[i] = d·(q[i] − 1)}. */
  TQ2_0(256, 66);

  private final int blockSize;
  private final int blockBytes;

  DType(int blockSize, int blockBytes) {
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /** Elements per block; 1 for a scalar type. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes per block; for a scalar type, bytes per element. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether elements are packed in blocks, so that a row is contiguous and a single element has no address. */
  public boolean isBlock() {
    return blockSize > 1;
  }

  /** Whether this is F32, F16 or BF16. */
  public boolean isFloat() {
    return this == F32 || this == F16 || this == BF16;
  }

  /**
   * Bytes that {@code elements} consecutive elements take.
   *
   * @throws ShapeException if {@code elements} is no multiple of the block size, or the product overflows
   */
  public long bytes(long elements) {
    if (elements < 0 || elements % blockSize != 0) {
      throw new ShapeException(elements + " elements of " + this + " are no whole number of blocks of " + blockSize);
    }
    long blocks = elements / blockSize;
    if (Math.multiplyHigh(blocks, blockBytes) != 0 || blocks * blockBytes < 0) {
      throw new ShapeException(elements + " elements of " + this + " are more bytes than a long can count");
    }
    return blocks * blockBytes;
  }

  /** The lower-case name that case lines and the command line use, for example {@code q4_0}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type whose {@link #label()} or enum name is {@code name}, whatever its case. */
  public static Optional<DType> of(String name) {
    String wanted = name.toUpperCase(Locale.ROOT);
    for (DType type : values()) {
      if (type.name().equals(wanted)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
