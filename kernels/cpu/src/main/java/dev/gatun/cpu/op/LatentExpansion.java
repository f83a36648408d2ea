package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.MlaAttention;
import dev.gatun.cpu.format.Dequantizer;
import java.lang.foreign.MemorySegment;

/** Makes the keys and values of one head of the latent rows of a tile: {@code k = [W_uk c | r]}, {@code v = W_uv c}. */
final class LatentExpansion {
  private final RowMath math;
  private final View keys;
  private final View values;
  private final boolean alongLatent;
  private final Dequantizer kept;
  private final Dequantizer keyRows;
  private final Dequantizer valueRows;
  private final int rank;
  private final int nope;
  private final int rope;
  private final int valueSize;
  private final long latentRow;
  private final long keysAt;
  private final long valuesAt;

  LatentExpansion(MlaAttention operator, DType kept, RowMath math, Binding binding) {
    this.math = math;
    this.keys = binding.view(operator.up().keys());
    this.values = binding.view(operator.up().values());
    this.alongLatent = operator.up().rows() == MlaAttention.Up.Rows.LATENT;
    this.kept = Dequantizer.of(kept);
    this.keyRows = Dequantizer.of(keys.dtype());
    this.valueRows = Dequantizer.of(values.dtype());
    this.rank = operator.up().rank();
    this.nope = operator.up().nope();
    this.rope = (int) operator.qRope().size(2);
    this.valueSize = operator.up().valueSize();
    this.latentRow = Scratch.align(4L * (rank + rope));
    this.keysAt = latentsBytes(operator, kept);
    this.valuesAt = keysAt + keysBytes(operator);
  }

  /** Bytes it works in: the rows of a tile and a head's weights, where they are not F32 already. */
  static long bytes(MlaAttention operator, DType kept) {
    MlaAttention.Up up = operator.up();
    return Math.max(64, latentsBytes(operator, kept) + keysBytes(operator)
        + (up.values().dtype() == DType.F32 ? 0 : Scratch.align(4L * up.valueSize() * up.rank())));
  }

  private static long latentsBytes(MlaAttention operator, DType kept) {
    return kept == DType.F32 ? 0 : AttentionScratch.TILE * Scratch.align(4L * (operator.up().rank() + operator.qRope().size(2)));
  }

  private static long keysBytes(MlaAttention operator) {
    return operator.up().keys().dtype() == DType.F32 ? 0 : Scratch.align(4L * operator.up().nope() * operator.up().rank());
  }

  /** A head's weights are made F32 before its tiles come, in {@code memory} from {@code work} on. */
  void begin(int head, MemorySegment memory, long work) {
    int rows = keys.size(1);
    int columns = keys.size(2);
    if (keys.dtype() != DType.F32) {
      math.widen(keyRows, keys.memory(), keys.offset() + head * keys.strideBytes(0), keys.strideBytes(1), rows, memory, work + keysAt, 4L * columns, columns);
    }
    if (values.dtype() != DType.F32) {
      math.widen(valueRows, values.memory(), values.offset() + head * values.strideBytes(0), values.strideBytes(1), valueSize, memory, work + valuesAt, 4L * rank, rank);
    }
  }

  /** The keys and values of {@code count} rows that follow each other at {@code stride} bytes. */
  void expand(MemorySegment latents, long at, long stride, int count, int head, MemorySegment memory, long work, long keysOut, long keyRow, long valuesOut,
      long valueRow) {
    MemorySegment from = latents;
    long first = at;
    long row = stride;
    if (kept.type() != DType.F32) {
      math.widen(kept, latents, at, stride, count, memory, work, latentRow, rank + rope);
      from = memory;
      first = work;
      row = latentRow;
    }
    boolean direct = keys.dtype() == DType.F32;
    MemorySegment weight = direct ? keys.memory() : memory;
    long weightAt = direct ? keys.offset() + head * keys.strideBytes(0) : work + keysAt;
    long weightRow = direct ? keys.strideBytes(1) : 4L * keys.size(2);
    if (alongLatent) {
      math.dots(from, first, row, count, weight, weightAt, weightRow, nope, rank, 1, memory, keysOut, keyRow);
    } else {
      for (int j = 0; j < count; j++) {
        for (int i = 0; i < nope; i++) {
          memory.set(View.FLOAT, keysOut + j * keyRow + 4L * i, 0);
        }
      }
      math.accumulate(from, first, row, count, rank, weight, weightAt, weightRow, memory, keysOut, keyRow, nope);
    }
    for (int j = 0; j < count; j++) {
      MemorySegment.copy(from, first + j * row + 4L * rank, memory, keysOut + j * keyRow + 4L * nope, 4L * rope);
    }
    direct = values.dtype() == DType.F32;
    math.dots(from, first, row, count, direct ? values.memory() : memory, direct ? values.offset() + head * values.strideBytes(0) : work + valuesAt,
        direct ? values.strideBytes(1) : 4L * rank, valueSize, rank, 1, memory, valuesOut, valueRow);
  }
}
