package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Which cases of matmul there are. */
final class MatmulListing {
  private static final int[] ROWS = IntStream.concat(IntStream.rangeClosed(1, 17), IntStream.of(31, 32, 33, 63, 64, 65, 127, 128, 129)).toArray();
  private static final int[] COLUMNS = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 127, 128, 129, 255, 256, 257};
  private static final int[] LENGTHS = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 1000, 1031, 2049};
  private static final int[] BLOCKS = {1, 2, 3, 4, 5, 7, 8, 9, 33};
  private static final Set<Integer> FEW_ROWS = Set.of(2, 8, 9, 17, 33);
  private static final Set<Integer> FEW_COLUMNS = Set.of(1, 16, 33, 65, 129);
  private static final Set<Integer> FEW_LENGTHS = Set.of(1, 2, 17, 33, 64, 65, 257);

  /** An error is relative to the results' own size, and a few results may all come out near zero by chance; equal activations are rounded by nothing. */
  private static final int FEWEST_AVERAGED = 7;

  private static final int MOST_OF_FEW = 2000;
  private static final int COLUMNS_OF_SMALL = 37;
  private static final int PREFILL = 512;
  private static final int SUPER_BLOCK = 256;
  private static final int KEYS = 1;
  private static final int GATE = 3;
  private static final int DOWN = 4;
  private static final int LARGE_TILE = 128;

  /** Types of which files of models are made, without those that differ from one of these in nothing a backend would do otherwise at a larger size. */
  private static final List<DType> OF_MODELS = List.of(DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.Q6_K, DType.BF16, DType.F16);

  private final Listing listing;
  private final Signature signature;

  MatmulListing(Listing listing, Signature signature) {
    this.listing = listing;
    this.signature = signature;
  }

  void all() {
    for (DType w : MoveFamily.WEIGHTS) {
      rows(w);
      columnsAndLengths(w);
      types(w);
      contents(w);
      counts(w);
      empty(w);
    }
    new ScaledListing(listing, signature).all();
    for (ModelShape model : listing.models()) {
      for (DType w : MoveFamily.WEIGHTS) {
        layers(model, w);
      }
      vocabulary(model);
    }
  }

  private static boolean common(DType w) {
    return MoveFamily.COMMON.contains(w);
  }

  /** A level for types that model files are made of, the one after it for the others. */
  private static Level level(DType w, Level least) {
    return common(w) || least == Level.FULL ? least : Level.values()[least.ordinal() + 1];
  }

  private TestCase small(DType w, int rows, Object... more) {
    Object[] all = new Object[8 + more.length];
    System.arraycopy(new Object[] {"rows", rows, "n", COLUMNS_OF_SMALL, "k", w.isBlock() ? w.blockSize() : 77, "w", w.label()}, 0, all, 0, 8);
    System.arraycopy(more, 0, all, 8, more.length);
    return signature.of(all);
  }

  private void rows(DType w) {
    for (Weight weight : Weight.values()) {
      for (int rows : new int[] {1, 5}) {
        listing.add(weight == Weight.TIED && rows == 1 ? Level.STANDARD : Level.QUICK, small(w, rows, "weight", weight));
      }
      for (int rows : ROWS) {
        boolean few = FEW_ROWS.contains(rows);
        if (weight != Weight.TIED || few) {
          listing.add(weight == Weight.TIED || weight == Weight.PLAIN && !few ? Level.FULL : level(w, few && weight == Weight.PREPARED ? Level.QUICK
              : Level.STANDARD), small(w, rows, "weight", weight));
        }
      }
    }
    listing.add(level(w, Level.STANDARD), small(w, listing.sized(PREFILL, 48, 48)));
    for (int rows : new int[] {65, 129, listing.sized(257, 129, 128)}) {
      listing.add(level(w, Level.STANDARD), small(w, rows, "n", 129, "k", w.isBlock() ? w.blockSize() : 65));
    }
  }

  private void columnsAndLengths(DType w) {
    for (int rows : new int[] {1, 9, 33}) {
      for (int n : COLUMNS) {
        boolean few = FEW_COLUMNS.contains(n);
        listing.add(few ? level(w, rows == 1 ? Level.QUICK : Level.STANDARD) : Level.FULL,
            small(w, rows, "n", n, "fill", n * rows < FEWEST_AVERAGED ? Fill.EQUAL : Fill.NORMAL));
      }
      for (int length : w.isBlock() ? BLOCKS : LENGTHS) {
        boolean few = FEW_LENGTHS.contains(length) && length * w.blockSize() < MOST_OF_FEW;
        listing.add(few && rows < 33 ? level(w, rows == 9 ? Level.QUICK : Level.STANDARD) : Level.FULL, small(w, rows, "n", 19, "k", length * w.blockSize()));
      }
    }
  }

  private void types(DType w) {
    for (DType x : RowFamily.FLOATS) {
      for (DType y : RowFamily.FLOATS) {
        for (Placement lies : Placement.values()) {
          int turn = (3 * x.ordinal() + y.ordinal() + w.ordinal() + lies.ordinal()) % 9;
          int k = w.isBlock() ? 2 * w.blockSize() : 45;
          listing.add(turn == 0 ? level(w, Level.QUICK) : turn < 3 ? level(w, Level.STANDARD) : Level.FULL,
              small(w, 5, "n", 23, "k", k, "x", x.label(), "y", y.label(), "lies", lies));
          for (int rows : new int[] {1, 33}) {
            listing.add(turn == 3 ? level(w, Level.STANDARD) : Level.FULL,
                small(w, rows, "n", 23, "k", k, "x", x.label(), "y", y.label(), "lies", lies));
          }
          if (turn % 3 == 0) {
            listing.add(Level.FULL, small(w, 7, "n", 23, "k", k, "x", x.label(), "y", y.label(), "lies", lies, "weight", Weight.PLAIN));
          }
        }
      }
      listing.add(level(w, Level.STANDARD), small(w, 4, "x", x.label(), "y", x.label(), "bias", true));
    }
    for (int rows : new int[] {1, 4, 33}) {
      listing.add(rows == 4 ? level(w, Level.QUICK) : level(w, Level.STANDARD), small(w, rows, "n", 29, "bias", true));
    }
  }

  private void contents(DType w) {
    for (Fill fill : Fill.values()) {
      if (fill != Fill.MINUS_INFINITY) {
        boolean first = w == DType.F16 || w == DType.Q4_0;
        listing.add(first ? Level.QUICK : level(w, Level.STANDARD), small(w, 3, "k", w.isBlock() ? 2 * w.blockSize() : 130, "fill", fill));
        listing.add(first ? Level.STANDARD : Level.FULL, small(w, 33, "n", 21, "k", w.isBlock() ? 2 * w.blockSize() : 130, "fill", fill));
      }
    }
    listing.add(level(w, Level.STANDARD), small(w, 4, "n", 33, "k", 1024, "fill", Fill.OUTLIERS));
    for (Codes codes : new Codes[] {Codes.ANY, Codes.ZERO, Codes.NONFINITE}) {
      for (int rows : new int[] {1, 5, 33}) {
        if (codes.fits(w)) {
          int k = w.isBlock() ? 2 * w.blockSize() : 64;
          listing.add(rows == 5 ? level(w, Level.QUICK) : level(w, Level.STANDARD), small(w, rows, "n", 40, "k", k, "codes", codes));
          if (rows == 5) {
            listing.add(Level.FULL, small(w, rows, "n", 40, "k", k, "codes", codes, "weight", Weight.PLAIN));
          }
        }
      }
    }
  }

  private void counts(DType w) {
    for (int count : new int[] {0, 1, 3, 8, 99, -1}) {
      listing.add(w == DType.F32 || w == DType.Q4_0 || count == 3 && common(w) ? Level.QUICK : level(w, Level.STANDARD),
          small(w, 8, "n", 21, "lies", Placement.STRIDED, "count", count));
      listing.add(count == 3 ? level(w, Level.STANDARD) : Level.FULL, small(w, 40, "n", 21, "lies", Placement.STRIDED, "count", 11 * count));
    }
  }

  private void empty(DType w) {
    Level level = w == DType.F32 || w == DType.Q4_0 ? Level.QUICK : level(w, Level.STANDARD);
    for (Weight weight : Weight.values()) {
      listing.add(level, small(w, 0, "weight", weight));
      listing.add(level, small(w, 3, "n", 0, "weight", weight));
      if (!w.isBlock()) {
        listing.add(level, small(w, 3, "k", 0, "weight", weight));
        listing.add(level, small(w, 3, "k", 0, "weight", weight, "bias", true));
      }
    }
  }

  private TestCase layer(DType w, int rows, int n, int k, Object... more) {
    return small(w, rows, Stream.concat(Stream.of("n", listing.sized(n, SUPER_BLOCK, LARGE_TILE),
        "k", listing.sized(k, 2 * SUPER_BLOCK, SUPER_BLOCK)), Arrays.stream(more)).toArray());
  }

  /** The products of a layer: one token, a few, a prefill. */
  private void layers(ModelShape model, DType w) {
    int prefill = listing.sized(PREFILL, 16, 16);
    boolean first = w == DType.Q4_0 || w == DType.BF16;
    Level level = OF_MODELS.contains(w) ? Listing.later(model.least(), Level.STANDARD) : Level.FULL;
    int[][] shapes = {{model.heads() * model.keySize(), model.hidden()}, {model.kvHeads() * model.keySize(), model.hidden()},
        {model.hidden(), model.heads() * model.valueSize()}, {model.intermediate(), model.hidden()}, {model.hidden(), model.intermediate()}};
    for (int i = 0; i < shapes.length; i++) {
      int n = shapes[i][0];
      int k = MoveFamily.wholeBlocks(shapes[i][1], w);
      if (i == GATE || OF_MODELS.contains(w)) {
        listing.add(i == GATE && first ? model.least() : level, layer(w, 1, n, k));
      }
      if (i == KEYS || i == GATE && first || i == DOWN && OF_MODELS.contains(w)) {
        listing.add(i == KEYS && w == DType.Q4_0 ? model.least() : i == DOWN && w == DType.Q4_0 ? level : Level.FULL, layer(w, prefill, n, k));
      }
      if (OF_MODELS.contains(w)) {
        listing.add(i == 0 ? level : Level.FULL, layer(w, 2 + (w.ordinal() + 3 * i) % 15, n, k));
      }
    }
    listing.add(level, layer(w, prefill, model.kvHeads() * model.keySize(), MoveFamily.wholeBlocks(model.hidden(), w), "count",
        prefill / 3));
  }

  /** The product with the vocabulary, whose weight is the largest there is. */
  private void vocabulary(ModelShape model) {
    for (DType w : List.of(DType.Q4_0, DType.Q8_0, DType.Q6_K, DType.BF16)) {
      for (int rows : new int[] {1, 4}) {
        if (rows == 1 || w == DType.Q4_0) {
          listing.add(rows == 1 && w == DType.Q4_0 ? Listing.later(model.least(), Level.STANDARD) : Level.FULL,
              layer(w, rows, model.vocabulary(), MoveFamily.wholeBlocks(model.hidden(), w), "weight",
                  w == DType.Q4_0 ? Weight.PREPARED : Weight.TIED));
        }
      }
    }
  }
}
