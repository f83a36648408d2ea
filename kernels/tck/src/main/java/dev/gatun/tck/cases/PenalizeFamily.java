package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Penalize;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;

/** {@link Penalize}. */
final class PenalizeFamily extends LogitFamily {
  /** What has been seen. */
  private enum Seen {
    /** Ids all over the vocabulary, a few of them outside of it. */
    SPREAD,
    /** Few ids, each many times. */
    OFTEN,
    /** One id, all along. */
    SAME,
    /** The first and the last id. */
    ENDS,
    /** No id that there is, down to the smallest and up to the largest number. */
    OUTSIDE;

    private double[] ids(long seed, int count, int n) {
      int[] ids = switch (this) {
        case SPREAD -> Inputs.integers(seed, count, -2, n + 3);
        case OFTEN -> Arrays.stream(Inputs.integers(seed, count, 0, 3)).map(i -> n <= 3 ? i : (i * 37 + 1) % n).toArray();
        case SAME -> Inputs.integers(seed, count, n / 2, n / 2 + 1);
        case ENDS -> Arrays.stream(Inputs.integers(seed, count, 0, 2)).map(i -> i * (n - 1)).toArray();
        case OUTSIDE -> Arrays.stream(Inputs.integers(seed, count, 0, 4))
            .map(i -> new int[] {-1, n, Integer.MIN_VALUE, Integer.MAX_VALUE}[i]).toArray();
      };
      return Arrays.stream(ids).asDoubleStream().toArray();
    }
  }

  /** How much of the history counts in each row. */
  private enum Lengths {
    /** From a negative number to one past the end. */
    ANY,
    /** All of it. */
    FULL,
    /** Nothing. */
    ZERO,
    /** A negative number. */
    NEGATIVE,
    /** More than there is. */
    PAST;

    private double[] of(long seed, int rows, int history) {
      int[] lengths = switch (this) {
        case ANY -> Inputs.integers(seed, rows, -1, history + 3);
        case FULL -> Inputs.integers(seed, rows, history, history + 1);
        case ZERO -> new int[rows];
        case NEGATIVE -> Inputs.integers(seed, rows, Integer.MIN_VALUE, 0);
        case PAST -> Inputs.integers(seed, rows, history + 1, Integer.MAX_VALUE);
      };
      return Arrays.stream(lengths).asDoubleStream().toArray();
    }
  }

  PenalizeFamily() {
    super(logits("penalize").with("history", 19).with("seen", Seen.SPREAD).with("lengths", Lengths.ANY).with("repetition", "1.3")
        .with("frequency", "0.25").with("presence", "0.125").with("mixed", false).with("inplace", false));
  }

  @Override
  public void list(Listing listing) {
    covering(listing, List.of(), List.of());
    for (int history : new int[] {0, 1, 2, 31, 32, 33, 64, 257, 1000}) {
      for (Seen seen : Seen.values()) {
        listing.add(history == 33 || history == 0 && seen == Seen.SPREAD ? Level.QUICK : Level.STANDARD,
            signature().of("rows", 3, "n", 50, "history", history, "seen", seen));
      }
    }
    for (Lengths lengths : Lengths.values()) {
      for (Seen seen : Seen.values()) {
        listing.add(seen == Seen.SPREAD ? Level.QUICK : Level.STANDARD, signature().of("rows", 5, "n", 70,
            "lengths", lengths, "seen", seen));
      }
    }
    for (String repetition : new String[] {"1.0", "1.3", "0.5", "4.0"}) {
      for (String frequency : new String[] {"0.0", "0.25", "-0.5"}) {
        for (String presence : new String[] {"0.0", "0.125", "-1.5"}) {
          boolean quick = repetition.equals("1.0") || frequency.equals("0.0") && presence.equals("0.0");
          listing.add(quick ? Level.QUICK : Level.STANDARD, signature().of("rows", 2, "n", 40, "seen", Seen.OFTEN,
              "repetition", repetition, "frequency", frequency, "presence", presence));
        }
      }
    }
    for (Placement placement : Placement.values()) {
      for (int rows : new int[] {1, 4}) {
        listing.add(rows == 4 ? Level.QUICK : Level.STANDARD,
            signature().of("rows", rows, "n", 45, "lies", placement, "inplace", true, "mixed", true));
      }
      listing.add(Level.STANDARD, signature().of("rows", 4, "n", 45, "lies", placement, "mixed", true));
    }
    listing.add(Level.QUICK, signature().of("rows", 3, "n", 45, "inplace", true, "count", 2));
    listing.add(Level.QUICK, signature().of("rows", 3, "n", 45, "at", At.THIRDS, "put", "-Infinity", "seen", Seen.SPREAD));
    listing.add(Level.STANDARD, signature().of("rows", 3, "n", 45, "at", At.THIRDS, "put", "Infinity"));
    listing.add(Level.STANDARD, signature().of("rows", 3, "n", 45, "at", At.THIRDS, "put", "NaN"));
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
      int history = listing.sized(8192, 300, 64);
      listing.add(model.least(), signature().of("rows", 1, "n", n, "history", history, "lengths", Lengths.FULL));
      for (Seen seen : Seen.values()) {
        listing.add(Listing.later(Level.STANDARD, model.least()),
            signature().of("rows", 2, "n", n, "history", history, "seen", seen, "mixed", true, "inplace", seen == Seen.OFTEN));
      }
      listing.add(Level.FULL, signature().of("rows", listing.sized(13, 3, 1), "n", n,
          "history", history, "mixed", true, "fill", Fill.OUTLIERS));
    }
  }

  @Override
  public String column(Values values) {
    return DType.F32.label();
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int rows = values.size("rows");
    int n = values.size("n");
    int history = values.size("history");
    Placement placement = values.choice("lies", Placement.class);
    Tensor x = logits(values, bench, DType.F32, n);
    Tensor seen = rows(values, bench, DType.I32, all -> values.choice("seen", Seen.class).ids(values.seed("seen"), all, n), history);
    Tensor lengths = rows(values, bench, DType.I32,
        all -> values.choice("lengths", Lengths.class).of(values.seed("lengths"), all, history));
    Tensor penalties = rows(values, bench, DType.F32, all -> penalties(values, all / 3), 3);
    Tensor y = values.on("inplace") ? x : rowsOut(values, bench, DType.F32, n);
    Penalize op = new Penalize(x, seen, lengths, penalties, y);
    return independentRows(values, bench, expectRows(values, op, Bounds.ELEMENTWISE, x, seen, lengths, penalties, y), List.of(x), y);
  }

  private static double[] penalties(Values values, int rows) {
    if (values.on("mixed")) {
      return Inputs.uniform(values.seed("penalties"), 3 * rows, 0.1, 2);
    }
    double[] one = {values.number("repetition"), values.number("frequency"), values.number("presence")};
    double[] all = new double[3 * rows];
    Arrays.setAll(all, i -> one[i % 3]);
    return all;
  }
}
