package dev.gatun.decoder.gguf;

import dev.gatun.DType;
import java.util.Optional;

/**
 * The element types that a GGUF file can name, with the numbers of ggml's {@code enum ggml_type} and the sizes of its blocks. Those
 * with a {@link #dtype()} can be computed with as they lie, those with a {@link #loadedAs()} after they were rewritten; of the others Gatun knows only the
 * size, so that a file holding them still opens for its metadata and its tokenizer.
 */
public enum GgufType {
  /** See {@link DType#F32}. */
  F32(0, DType.F32),
  /** See {@link DType#F16}. */
  F16(1, DType.F16),
  /** See {@link DType#Q4_0}. */
  Q4_0(2, DType.Q4_0),
  /** See {@link DType#Q4_1}. */
  Q4_1(3, DType.Q4_1),
  /** See {@link DType#Q5_0}. */
  Q5_0(6, DType.Q5_0),
  /** See {@link DType#Q5_1}. */
  Q5_1(7, DType.Q5_1),
  /** See {@link DType#Q8_0}. */
  Q8_0(8, DType.Q8_0),
  /** Activations with a sum per block; not used for stored weights. */
  Q8_1(9, 32, 36),
  /** See {@link DType#Q2_K}. */
  Q2_K(10, DType.Q2_K),
  /** See {@link DType#Q3_K}. */
  Q3_K(11, DType.Q3_K),
  /** See {@link DType#Q4_K}. */
  Q4_K(12, DType.Q4_K),
  /** See {@link DType#Q5_K}. */
  Q5_K(13, DType.Q5_K),
  /** See {@link DType#Q6_K}. */
  Q6_K(14, DType.Q6_K),
  /** Activations for the K formats; not used for stored weights. */
  Q8_K(15, 256, 292),
  /** 2.06 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ2_XXS(16, 256, 66),
  /** 2.31 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ2_XS(17, 256, 74),
  /** 3.06 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ3_XXS(18, 256, 98),
  /** 1.56 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ1_S(19, 256, 50),
  /** See {@link DType#IQ4_NL}. */
  IQ4_NL(20, DType.IQ4_NL),
  /** 3.44 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ3_S(21, 256, 110),
  /** 2.56 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ2_S(22, 256, 82),
  /** See {@link DType#IQ4_XS}. */
  IQ4_XS(23, DType.IQ4_XS),
  /** See {@link DType#I8}. */
  I8(24, DType.I8),
  /** Signed 16-bit integer. */
  I16(25, 1, 2),
  /** See {@link DType#I32}. */
  I32(26, DType.I32),
  /** Signed 64-bit integer. */
  I64(27, 1, 8),
  /** IEEE 754 binary64. */
  F64(28, 1, 8),
  /** 1.75 bits a weight, from a grid: see {@link #loadedAs()}. */
  IQ1_M(29, 256, 56),
  /** See {@link DType#BF16}. */
  BF16(30, DType.BF16),
  /** An interleaved form of {@link #Q4_0} that ggml has dropped. */
  Q4_0_4_4(31, 32, 18),
  /** An interleaved form of {@link #Q4_0} that ggml has dropped. */
  Q4_0_4_8(32, 32, 18),
  /** An interleaved form of {@link #Q4_0} that ggml has dropped. */
  Q4_0_8_8(33, 32, 18),
  /** See {@link DType#TQ1_0}. */
  TQ1_0(34, DType.TQ1_0),
  /** See {@link DType#TQ2_0}. */
  TQ2_0(35, DType.TQ2_0),
  /** See {@link DType#MXFP4}. */
  MXFP4(39, DType.MXFP4),
  /** E2M1 values with an 8-bit float for each 16. */
  NVFP4(40, 64, 36),
  /** One bit a weight, with a scale for each 128. */
  Q1_0(41, 128, 18),
  /** Two bits a weight, with a scale for each 64. */
  Q2_0(42, 64, 18);

  private final int id;
  private final int blockSize;
  private final int blockBytes;
  private final Optional<DType> dtype;

  GgufType(int id, DType dtype) {
    this.id = id;
    this.blockSize = dtype.blockSize();
    this.blockBytes = dtype.blockBytes();
    this.dtype = Optional.of(dtype);
  }

  GgufType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.dtype = Optional.empty();
  }

  /** The number that stands for this type in a file. */
  public int id() {
    return id;
  }

  /** Elements per block; 1 for a scalar type. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes per block; for a scalar type, bytes per element. */
  public int blockBytes() {
    return blockBytes;
  }

  /** The element type to compute with, as the bytes lie in the file; empty where there is none. */
  public Optional<DType> dtype() {
    return dtype;
  }

  /**
   * The element type that {@link Gguf#tensor} gives: {@link #dtype()}, and Q8_0 for the IQ types that are points of a grid (IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS,
   * IQ2_S, IQ3_XXS, IQ3_S), which are rewritten when they are asked for. Empty where Gatun knows only the size.
   */
  public Optional<DType> loadedAs() {
    return GridBlock.reads(this) ? Optional.of(GridExpansion.TYPE) : dtype;
  }

  /** The type with this number in a file. */
  public static Optional<GgufType> ofId(int id) {
    for (GgufType type : values()) {
      if (type.id == id) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** How a file names {@code dtype}; empty for the 8-bit floats, which GGUF doesn't have. */
  public static Optional<GgufType> of(DType dtype) {
    for (GgufType type : values()) {
      if (type.dtype.isPresent() && type.dtype.get() == dtype) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
