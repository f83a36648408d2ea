package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.List;

/** Operators over rows of logits, where it matters which element of a row is special, and how far apart two of them are. */
abstract class LogitFamily extends RowFamily {
  /** The tile of vocabularies: their remainders at it are what a model's own are. */
  static final int TILE = 256;

  /** Elements of an emulated vocabulary. */
  static final int MOST_EMULATED = 4096;

  /** Which elements of every row are set to the case's {@code put}. */
  enum At {
    /** None. */
    NONE,
    /** The first. */
    FIRST,
    /** The one in the middle. */
    MIDDLE,
    /** The last. */
    LAST,
    /** The first and the last. */
    ENDS,
    /** One of three. */
    THIRDS,
    /** Those before and after every multiple of 32: other lanes, other vectors, other tiles. */
    EDGES,
    /** One, further along in each row. */
    DIAGONAL,
    /** All but the one in the middle. */
    OTHERS;

    private boolean has(int row, int i, int n) {
      return switch (this) {
        case NONE -> false;
        case FIRST -> i == 0;
        case MIDDLE -> i == n / 2;
        case LAST -> i == n - 1;
        case ENDS -> i == 0 || i == n - 1;
        case THIRDS -> i % 3 == 0;
        case EDGES -> i > 0 && (i % 32 == 0 || i % 32 == 31);
        case DIAGONAL -> i == (13 * row + 5) % n;
        case OTHERS -> i != n / 2;
      };
    }
  }

  LogitFamily(Signature signature) {
    super(Group.LOGITS, signature);
  }

  /** Contents with an order that every device sees: one that flushes denormals takes them all for the same. */
  static List<Fill> ordered() {
    return Arrays.stream(Fill.values()).filter(fill -> fill != Fill.DENORMAL).toList();
  }

  /** Names that every operator over logits has, of those that take F32 alone. */
  static Signature logits(Signature signature) {
    return signature.with("spread", "2.0").with("at", At.NONE).with("put", "9.0");
  }

  /** The names of {@link #logits} for an operator that takes F32 alone. */
  static Signature logits(String operator) {
    return logits(new Signature(operator).with("rows", 1).with("n", 64).with("lies", Placement.PACKED).with("count", Values.NONE)
        .with("fill", Fill.NORMAL));
  }

  /** Rows of logits. */
  static Tensor logits(Values values, Workbench bench, DType type, int... inner) {
    Fill fill = values.choice("fill", Fill.class);
    At at = values.choice("at", At.class);
    float put = values.number("put");
    float spread = values.number("spread");
    int n = inner.length == 0 ? values.size("rows") : inner[inner.length - 1];
    return rows(values, bench, type, all -> {
      double[] x = fill.values(values.seed("x"), all);
      for (int i = 0; i < all; i++) {
        x[i] = at.has(i / n, i % n, n) ? put : (float) (x[i] * spread);
      }
      return x;
    }, inner);
  }

  /** Single elements that are NaN or infinite, that tie with others far away, or that are all there is, wherever in the row. */
  final void special(Listing listing) {
    for (int n : new int[] {2, 33, 130, 1000, 4099}) {
      Level level = n == 130 ? Level.QUICK : Level.STANDARD;
      Level later = n == 33 || n == 4099 ? Level.FULL : Level.STANDARD;
      for (At at : new At[] {At.FIRST, At.LAST, At.ENDS, At.EDGES, At.DIAGONAL}) {
        listing.add(level, signature().of("rows", 3, "n", n, "at", at));
      }
      for (At at : new At[] {At.FIRST, At.LAST, At.ENDS}) {
        listing.add(at == At.LAST ? level : later, signature().of("rows", 3, "n", n, "at", at, "put", "NaN"));
        listing.add(at == At.LAST ? level : later, signature().of("rows", 3, "n", n, "at", at, "put", "Infinity"));
      }
      listing.add(level, signature().of("rows", 3, "n", n, "at", At.THIRDS, "put", "-Infinity"));
      listing.add(level, signature().of("rows", 3, "n", n, "at", At.OTHERS, "put", "-Infinity"));
      listing.add(later, signature().of("rows", 3, "n", n, "fill", Fill.ZERO, "at", At.THIRDS, "put", "-0.0"));
      listing.add(level, signature().of("rows", 3, "n", n, "fill", Fill.ZERO, "at", At.EDGES, "put", "-0.0"));
      listing.add(later, signature().of("rows", 3, "n", n, "fill", Fill.INFINITE, "at", At.MIDDLE, "put", "NaN"));
      listing.add(later, signature().of("rows", 3, "n", n, "fill", Fill.MINUS_INFINITY, "at", At.LAST, "put", "NaN"));
    }
  }
}
