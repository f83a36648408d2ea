package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.List;
import java.util.Set;

/** Which cases of matmul with a scaled weight there are. */
final class ScaledListing {
  private static final List<DType> TYPES = List.of(DType.F8_E4M3, DType.F8_E5M2);
  private static final int[] ROWS = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129};
  private static final Set<Integer> FEW_ROWS = Set.of(1, 4, 9, 33, 129);
  private static final int[] COLUMNS = {31, 64, 127, 128, 129, 192, 255, 257};
  private static final int[] LENGTHS = {33, 64, 127, 128, 129, 130, 240, 255, 256, 257, 272, 384, 400, 513, 1031};
  private static final Set<Integer> FEW_LENGTHS = Set.of(127, 128, 257, 400);

  /** One token is streamed, so many are a tile. */
  private static final int[] ONE_OR_MANY = {1, 40};

  /**
   * Rounded activations cost a share of the results' own size. Where few results of a row are large, all of them may come out near zero by chance; where one
   * weight is large, the rounding of one activation is all of their error. Equal activations are rounded by nothing.
   */
  private static final int FEWEST_AVERAGED = 64;

  private final Listing listing;
  private final Signature signature;

  ScaledListing(Listing listing, Signature signature) {
    this.listing = listing;
    this.signature = signature;
  }

  void all() {
    for (DType w : TYPES) {
      for (Scaling scaling : Scaling.values()) {
        if (scaling != Scaling.NONE) {
          sizes(w, scaling);
          contents(w, scaling);
        }
      }
      types(w);
      counts(w);
      empty(w);
    }
    listing.models().forEach(this::layers);
  }

  /** F8_E4M3 is what files of models have. */
  private static Level level(DType w, boolean soon) {
    return !soon ? Level.FULL : w == DType.F8_E4M3 ? Level.QUICK : Level.STANDARD;
  }

  private static boolean wide(Scaling scaling) {
    return scaling == Scaling.WIDE_ROWS || scaling == Scaling.WIDE_BLOCKS;
  }

  private void add(Level level, DType w, Scaling scaling, int rows, int n, int k, Object... more) {
    boolean few = n < FEWEST_AVERAGED || wide(scaling);
    Object[] all = new Object[12 + more.length];
    System.arraycopy(new Object[] {"rows", rows, "n", n, "k", k, "w", w.label(), "scale", scaling, "fill", few ? Fill.EQUAL : Fill.NORMAL},
        0, all, 0, 12);
    System.arraycopy(more, 0, all, 12, more.length);
    listing.add(level, signature.of(all));
  }

  private void sizes(DType w, Scaling scaling) {
    for (int rows : ROWS) {
      boolean soon = FEW_ROWS.contains(rows);
      add(soon ? level(w, true) : Level.STANDARD, w, scaling, rows, 133, 272);
      add(soon && scaling == Scaling.BLOCKS ? level(w, true) : Level.FULL, w, scaling, rows, 67, 200, "weight", Weight.PLAIN);
    }
    for (int rows : ONE_OR_MANY) {
      for (int n : COLUMNS) {
        add(n == 129 ? level(w, true) : Level.STANDARD, w, scaling, rows, n, 144);
      }
      for (int k : LENGTHS) {
        add(FEW_LENGTHS.contains(k) && scaling == Scaling.BLOCKS ? level(w, true) : Level.STANDARD, w, scaling, rows, 66, k);
      }
      add(Level.STANDARD, w, scaling, rows, 1, 130);
      add(Level.STANDARD, w, scaling, rows, 2, 1);
    }
  }

  private void contents(DType w, Scaling scaling) {
    for (int rows : ONE_OR_MANY) {
      for (Fill fill : Fill.values()) {
        if (fill != Fill.MINUS_INFINITY && !wide(scaling)) {
          add(scaling == Scaling.BLOCKS ? level(w, true) : Level.FULL, w, scaling, rows, 130, 288, "fill", fill);
        }
      }
      for (Codes codes : List.of(Codes.ANY, Codes.ZERO, Codes.NONFINITE)) {
        add(level(w, scaling == Scaling.BLOCKS || codes == Codes.ANY), w, scaling, rows, 130, 288, "codes", codes, "fill", codes == Codes.ZERO || !wide(scaling) && codes == Codes.ANY ? Fill.NORMAL : Fill.EQUAL);
      }
    }
  }

  private void types(DType w) {
    for (DType x : RowFamily.FLOATS) {
      for (DType y : RowFamily.FLOATS) {
        for (Placement lies : Placement.values()) {
          for (int rows : new int[] {1, 6, 40}) {
            int turn = (3 * x.ordinal() + y.ordinal() + lies.ordinal() + rows) % 5;
            Scaling scaling = turn == 1 ? Scaling.TENSOR : turn == 2 ? Scaling.ROWS : Scaling.BLOCKS;
            add(level(w, turn == 0), w, scaling, rows, 133, 261, "x", x.label(), "y", y.label(), "lies", lies, "bias", turn % 2 == 0);
            add(Level.STANDARD, w, scaling, rows, 144, 256, "x", x.label(), "y", y.label(), "lies", lies, "bias", turn % 2 == 1);
          }
        }
      }
    }
  }

  private void counts(DType w) {
    for (int count : new int[] {0, 1, 3, 17, 99, -1}) {
      add(level(w, count == 3 || count == 0), w, Scaling.BLOCKS, 8, 140, 272, "lies", Placement.STRIDED, "count", count);
      add(level(w, count == 17 || count == 0), w, Scaling.BLOCKS, 40, 140, 272, "lies", Placement.STRIDED, "count", count);
    }
  }

  private void empty(DType w) {
    for (Scaling scaling : List.of(Scaling.TENSOR, Scaling.ROWS, Scaling.BLOCKS)) {
      add(level(w, true), w, scaling, 0, 37, 144);
      add(level(w, true), w, scaling, 3, 37, 0, "bias", true);
      for (int rows : ONE_OR_MANY) {
        add(Level.STANDARD, w, scaling, rows, 37, 0);
      }
      if (scaling != Scaling.ROWS) {
        add(Level.STANDARD, w, scaling, 3, 0, 144);
      }
    }
  }

  /** The products of a layer, as they are published with blocks: one token, a few, a prefill. */
  private void layers(ModelShape model) {
    Level level = Listing.later(model.least(), Level.STANDARD);
    int[][] shapes = {{model.heads() * model.keySize(), model.hidden()}, {model.kvHeads() * model.keySize(), model.hidden()},
        {model.intermediate(), model.hidden()}, {model.hidden(), model.intermediate()}};
    for (int i = 0; i < shapes.length; i++) {
      int n = listing.sized(shapes[i][0], 256, 128);
      int k = listing.sized(shapes[i][1], 512, 256);
      for (int rows : new int[] {1, 7, listing.sized(512, 48, 32)}) {
        add(i == 1 || rows == 1 ? level : Level.FULL, DType.F8_E4M3, i % 2 == 0 ? Scaling.BLOCKS : Scaling.ROWS, rows, n, k);
      }
    }
  }
}
