package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Attention by tiles: a work-group for a few rows (tokens times query heads of one key/value head), all positions or a range of them. Keys, then values, of some
 * positions are brought to local memory as floats, once for all rows; the softmax goes on online. Four rows share what an item reads.
 *
 * <p>Integers: {@code tokens, query heads, query heads of a key/value head, elements of a key, of a value, type of q, type of the result, index of the sinks or −1, index
 * of what the tokens see, tokens of a tile, query heads of a tile, tiles of a key/value head's query heads, ranges, positions of a range, positions of a tile, elements of
 * a key and of a value in local memory, items that bring a key, items that bring a value}; keys and values ({@link Kept}); {@code rows of q (6), rows of y (6)}. Floats:
 * {@code scale, softcap}. With several ranges the result is, for each row and range, the largest score, the sum of weights and the weighted sum of values, which
 * {@link RangeAttention#MERGE} makes one of; its place is that of the rows of y.
 */
public final class TileAttention {
  /** What elements are padded to a multiple of. */
  public static final int PADDING = 16;

  /** What a range's result holds beside the weighted sum. */
  public static final int STATE = AttentionTile.STATE;

  /**
   * How much local memory a group takes.
   *
   * @param shift the binary logarithm of what the largest sizes are divided by
   */
  public record Size(int shift) {
    /** For 48 KiB. */
    public static final Size LARGE = new Size(0);

    /** For the 32 KiB that every device has. */
    public static final Size SMALL = new Size(1);

    /** Rows of a tile at most. */
    public int mostRows() {
      return AttentionTile.MOST_ROWS;
    }

    /** Positions of a tile at most. */
    public int mostKeys() {
      return AttentionTile.MOST_KEYS >> shift;
    }

    /** Elements of all rows of a tile, of keys and of values, at most. */
    public int rowElements() {
      return AttentionTile.ROW_ELEMENTS >> shift;
    }

    /** Elements of the keys of a tile at most, or of its values. */
    public int keyElements() {
      return AttentionTile.KEY_ELEMENTS >> shift;
    }

    /** The same with an element between the keys' elements. */
    public int tileElements() {
      return AttentionTile.TILE_ELEMENTS >> shift;
    }
  }

  /** Over tensors. Operands: q, k, v, sinks, result, what the tokens see. */
  public static final Kernel DENSE = new Kernel("attention_tiles_dense", AttentionTile.localBytes(0),
      (g, id, a) -> g.task(id, TileAttention::dense, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5)));

  /** Over pages of F32. Operands: q, pages, sinks, result, what the tokens see, block table. */
  public static final Kernel PAGED_F32 = new Kernel("attention_tiles_f32", AttentionTile.localBytes(0),
      (g, id, a) -> g.task(id, TileAttention::pagedF32, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  /** Over pages of F16. Operands: q, pages, sinks, result, what the tokens see, block table. */
  public static final Kernel PAGED_F16 = new Kernel("attention_tiles_f16", AttentionTile.localBytes(0),
      (g, id, a) -> g.task(id, TileAttention::pagedF16, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.shorts(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  /** Over pages of other types. Operands: q, pages, sinks, result, what the tokens see, block table. */
  public static final Kernel PAGED_OTHER = new Kernel("attention_tiles_other", AttentionTile.localBytes(0),
      (g, id, a) -> g.task(id, TileAttention::pagedOther, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  /** {@link #DENSE} in less local memory. */
  public static final Kernel DENSE_SMALL = new Kernel("attention_tiles_small_dense", AttentionTile.localBytes(1),
      (g, id, a) -> g.task(id, TileAttention::denseSmall, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5)));

  /** {@link #PAGED_F32} in less local memory. */
  public static final Kernel PAGED_F32_SMALL = new Kernel("attention_tiles_small_f32", AttentionTile.localBytes(1),
      (g, id, a) -> g.task(id, TileAttention::pagedF32Small, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  /** {@link #PAGED_F16} in less local memory. */
  public static final Kernel PAGED_F16_SMALL = new Kernel("attention_tiles_small_f16", AttentionTile.localBytes(1),
      (g, id, a) -> g.task(id, TileAttention::pagedF16Small, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.shorts(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  /** {@link #PAGED_OTHER} in less local memory. */
  public static final Kernel PAGED_OTHER_SMALL = new Kernel("attention_tiles_small_other", AttentionTile.localBytes(1),
      (g, id, a) -> g.task(id, TileAttention::pagedOtherSmall, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  private TileAttention() {}

  private static void dense(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray k, ShortArray ks,
      FloatArray v, ShortArray vs, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen) {
    AttentionTile.attend(p.get(at.get(0) + AttentionTile.KEPT), 0, c, Mark.begin(c, at, p), p, q, powers, x, xs, k, ks, v, vs, sinks, y, ys, seen, seen);
  }

  private static void pagedF32(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray pages,
      FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(Elements.F32, 0, c, Mark.begin(c, at, p), p, q, powers, x, xs, pages, xs, pages, xs, sinks, y, ys, seen, table);
  }

  private static void pagedF16(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, ShortArray pages,
      FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(Elements.F16, 0, c, Mark.begin(c, at, p), p, q, powers, x, xs, x, pages, x, pages, sinks, y, ys, seen, table);
  }

  private static void pagedOther(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray pages,
      ShortArray pagesShort, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(p.get(at.get(0) + AttentionTile.KEPT), 0, c, Mark.begin(c, at, p), p, q, powers, x, xs, pages, pagesShort, pages, pagesShort, sinks, y, ys, seen, table);
  }

  private static void denseSmall(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray k, ShortArray ks,
      FloatArray v, ShortArray vs, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen) {
    AttentionTile.attend(p.get(at.get(0) + AttentionTile.KEPT), 1, c, Mark.begin(c, at, p), p, q, powers, x, xs, k, ks, v, vs, sinks, y, ys, seen, seen);
  }

  private static void pagedF32Small(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray pages,
      FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(Elements.F32, 1, c, Mark.begin(c, at, p), p, q, powers, x, xs, pages, xs, pages, xs, sinks, y, ys, seen, table);
  }

  private static void pagedF16Small(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, ShortArray pages,
      FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(Elements.F16, 1, c, Mark.begin(c, at, p), p, q, powers, x, xs, x, pages, x, pages, sinks, y, ys, seen, table);
  }

  private static void pagedOtherSmall(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray pages,
      ShortArray pagesShort, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    AttentionTile.attend(p.get(at.get(0) + AttentionTile.KEPT), 1, c, Mark.begin(c, at, p), p, q, powers, x, xs, pages, pagesShort, pages, pagesShort, sinks, y, ys, seen, table);
  }
}
