package dev.gatun.cpu.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import java.util.Optional;

/**
 * Offsets in a worker's scratch memory.
 *
 * @param rows query rows of a unit: the heads of a group, for each token of a block
 * @param queries F32 copies of the queries, where they are of another type
 * @param keys a tile's keys in F32, where they are of another type
 * @param values a tile's values in F32, likewise
 * @param weights a tile's scores, then weights, of the heads of a group
 * @param sums the weighted sums of values
 * @param state the largest score and the sum of weights of each row
 * @param bounds which positions each token sees, for {@link TileAttention}
 * @param work what that works in
 * @param result a row of y before it is rounded, where y is of another type
 * @param bytes all of it
 */
record AttentionScratch(int rows, long queries, long keys, long values, long weights, long sums, long state, long bounds, long work, long result,
    long bytes) {
  /** Keys that are looked at together: with a head size of 128 they fill half of a 64 KiB cache. */
  static final int TILE = 64;

  static AttentionScratch of(Attention operator, AttentionKernel.Cut cut, Optional<TileAttention> tiles) {
    int rows = (int) (operator.q().size(1) / AttentionKernel.heads(operator)) * cut.block();
    long keySize = Scratch.align(4 * operator.q().size(2));
    long valueSize = Scratch.align(4 * operator.y().size(2));
    boolean converted = tiles.isEmpty() && AttentionKernel.kept(operator) != DType.F32;
    long keys = operator.q().dtype() == DType.F32 ? 0 : rows * keySize;
    long values = keys + (converted ? TILE * keySize : 0);
    long weights = values + (converted ? TILE * valueSize : 0);
    long sums = weights + 4L * TILE * (rows / cut.block());
    long state = sums + rows * valueSize;
    long bounds = state + Scratch.align(8L * rows);
    long work = bounds + (tiles.isPresent() ? Scratch.align(8L * cut.block()) : 0);
    int group = rows / cut.block();
    long result = work + tiles.map(t -> Scratch.align(t.workBytes((int) operator.q().size(2), (int) operator.y().size(2), group))).orElse(0L);
    return new AttentionScratch(rows, 0, keys, values, weights, sums, state, bounds, work, result, result + valueSize);
  }
}
