package dev.gatun.cpu.op;

import java.util.Optional;

/**
 * Offsets in a worker's scratch memory.
 *
 * @param rows query rows of a unit: the heads of a group, for each token of a block
 * @param queries F32 copies of the queries, where they are not read in place
 * @param keys a tile's keys in F32, where they are of another type or made of latent rows
 * @param values a tile's values in F32, likewise; where they are the keys' first elements, the keys themselves
 * @param weights a tile's scores, then weights, of the heads of a group
 * @param sums the weighted sums of values
 * @param state the largest score and the sum of weights of each row
 * @param bounds which positions each token sees, for {@link TileAttention}
 * @param work what that works in
 * @param expansion what a {@link LatentExpansion} works in
 * @param result a row of y before it is rounded, where y is of another type
 * @param bytes all of it
 */
record AttentionScratch(int rows, long queries, long keys, long values, long weights, long sums, long state, long bounds, long work, long expansion, long result,
    long bytes) {
  /** Keys that are looked at together: with a head size of 128 they fill half of a 64 KiB cache. */
  static final int TILE = 64;

  static AttentionScratch of(AttentionShape shape, AttentionKernel.Cut cut, Optional<TileAttention> tiles) {
    int rows = shape.group() * cut.block();
    long keySize = Scratch.align(4L * shape.keySize());
    long valueSize = Scratch.align(4L * shape.valueSize());
    boolean converted = shape.expanded() || tiles.map(TileAttention::takesFloats).orElse(true) && shape.widened();
    long keys = shape.gathered() ? rows * keySize : 0;
    long values = converted && !shape.latent() ? keys + TILE * keySize : keys;
    long weights = converted ? values + TILE * (shape.latent() ? keySize : valueSize) : keys;
    long sums = weights + 4L * TILE * shape.group();
    long state = sums + rows * valueSize;
    long bounds = state + Scratch.align(8L * rows);
    long work = bounds + (tiles.isPresent() ? Scratch.align(8L * cut.block()) : 0);
    long expansion = work + tiles.map(t -> Scratch.align(t.workBytes(shape.keySize(), shape.valueSize(), cut.block(), shape.group()))).orElse(0L);
    long result = expansion + Scratch.align(shape.expansionBytes());
    return new AttentionScratch(rows, 0, keys, values, weights, sums, state, bounds, work, expansion, result, result + valueSize);
  }
}
