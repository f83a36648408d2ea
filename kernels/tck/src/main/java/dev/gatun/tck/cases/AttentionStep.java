package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.tck.lab.Fill;
import java.util.Arrays;

/**
 * The sizes of one attention, as a case gives them.
 *
 * @param context the keys of each sequence
 * @param tokens how many tokens of each sequence are queried: its last, or the first and some past the keys where there are more of them
 * than keys
 * @param loose tokens after those of all sequences, which belong to none
 * @param ahead by how many positions the tokens lie past where the keys put them
 * @param heads key/value heads
 * @param group query heads to each of them
 * @param size elements of a key
 * @param valueSize elements of a value
 */
record AttentionStep(int[] context, int[] tokens, int loose, int ahead, int heads, int group, int size, int valueSize) {
  /** What is not an ordinary number, and where. */
  enum Odd {
    /** Nothing. */
    NOTHING,
    /** A NaN in a key. */
    NAN_KEY,
    /** An infinity in a key, at an element where every query is positive. */
    INFINITE_KEY,
    /** A NaN in a value. */
    NAN_VALUE,
    /** An infinity in a value. */
    INFINITE_VALUE,
    /** A NaN in the query at that position. */
    NAN_QUERY,
    /** A score above all others by far, so that its value is the result. */
    GREAT_KEY
  }

  /** The element of a head that an odd number is put at. */
  private static final int ODD_ELEMENT = 3;
  private static final double GREAT = 64;
  private static final long MOST = 1L << 28;

  static AttentionStep of(Values values) {
    int[] context = values.list("context");
    int[] tokens = values.list("tokens");
    for (int s = 0; s < context.length; s++) {
      if (tokens.length != context.length || tokens[s] < 0 || context[s] < 0) {
        throw values.wrong("tokens", "a number for each sequence that context has one for");
      }
    }
    int size = positive(values, "size");
    long keys = Arrays.stream(context).asLongStream().sum();
    long widest = (long) positive(values, "heads") * positive(values, "group") * Math.max(size, values.optional("vsize").orElse(size));
    if (Math.max(keys, Arrays.stream(tokens).asLongStream().sum() + values.size("loose")) * widest > MOST) {
      throw values.wrong("context", "small enough for " + MOST + " elements in all");
    }
    return new AttentionStep(context, tokens, values.size("loose"), values.size("ahead"), positive(values, "heads"), positive(values,
        "group"), size,
        values.optional("vsize").orElse(size));
  }

  private static int positive(Values values, String name) {
    if (values.size(name) == 0) {
      throw values.wrong(name, "1 or more");
    }
    return values.size(name);
  }

  int sequences() {
    return context.length;
  }

  /** The tokens of all sequences, and those of none. */
  int rows() {
    return Arrays.stream(tokens).sum() + loose;
  }

  int keys() {
    return Arrays.stream(context).sum();
  }

  int longest() {
    return Arrays.stream(context).max().orElse(0);
  }

  int queryHeads() {
    return heads * group;
  }

  /** Where each sequence's share of rows begins, and where the last one's ends. */
  static int[] starts(int[] counts) {
    int[] starts = new int[counts.length + 1];
    for (int s = 0; s < counts.length; s++) {
      starts[s + 1] = starts[s] + counts[s];
    }
    return starts;
  }

  /** The position of each token; those of no sequence have small ones. */
  int[] positions() {
    int[] positions = new int[rows()];
    int row = 0;
    for (int s = 0; s < context.length; s++) {
      for (int t = 0; t < tokens[s]; t++) {
        positions[row++] = Math.max(0, context[s] - tokens[s]) + t + ahead;
      }
    }
    for (int t = 0; row < positions.length; t++) {
      positions[row++] = t;
    }
    return positions;
  }

  /** The sequence of a token, or -1. */
  int sequence(int row) {
    int[] starts = starts(tokens);
    for (int s = 0; s < tokens.length; s++) {
      if (row >= starts[s] && row < starts[s + 1]) {
        return s;
      }
    }
    return -1;
  }

  /** Queries, with the odd number in. */
  double[] queries(Values values, int rows) {
    double[] q = values.choice("fill", Fill.class).values(values.seed("q"), rows * queryHeads() * size);
    Odd odd = values.choice("odd", Odd.class);
    int[] positions = positions();
    for (int row = 0; row < rows; row++) {
      for (int h = 0; h < queryHeads(); h++) {
        int at = (row * queryHeads() + h) * size + Math.min(ODD_ELEMENT, size - 1);
        if (odd == Odd.INFINITE_KEY || odd == Odd.GREAT_KEY) {
          q[at] = Math.abs(q[at]) + 1;
        } else if (odd == Odd.NAN_QUERY && positions[row] == values.size("at") && h == queryHeads() - 1) {
          q[at] = Double.NaN;
        }
      }
    }
    return q;
  }

  /** Keys {@code [n, heads, size]} or values of one sequence, with the odd number in. */
  double[] kept(Values values, KvCache.Part part, int sequence, int n) {
    boolean key = part == KvCache.Part.KEY;
    int row = heads * (key ? size : valueSize);
    Fill fill = values.choice(key ? "kfill" : "fill", Fill.class);
    double[] kept = fill.values(values.seed(part + "s of " + sequence), n * row);
    Odd odd = values.choice("odd", Odd.class);
    int at = values.size("at");
    if (at < n) {
      int element = at * row + Math.min(ODD_ELEMENT, row / heads - 1);
      switch (odd) {
        case NAN_KEY, INFINITE_KEY, GREAT_KEY -> kept[element] = !key ? kept[element]
            : odd == Odd.NAN_KEY ? Double.NaN : odd == Odd.GREAT_KEY ? GREAT * Math.sqrt(size) : Double.POSITIVE_INFINITY;
        case NAN_VALUE, INFINITE_VALUE -> kept[element] = key ? kept[element] : odd == Odd.NAN_VALUE ? Double.NaN
            : Double.POSITIVE_INFINITY;
        default -> { }
      }
    }
    return kept;
  }

  /** The scale: that of the case, or {@code 1/√size}. */
  float scale(Values values) {
    return values.text("scale").equals(Values.NONE) ? (float) (1 / Math.sqrt(size)) : values.number("scale");
  }

  /** The multiply-adds of every token over every key of its sequence. */
  long work() {
    long work = 0;
    for (int s = 0; s < context.length; s++) {
      work += (long) tokens[s] * context[s] * queryHeads() * (size + valueSize);
    }
    return work;
  }

  /** The cache that paged keys are in: pages for all sequences and a few besides, in no whole number of which a slot ends. */
  KvCache.Spec spec(Values values, DType type) {
    int page = positive(values, "page");
    int room = values.optional("room").orElse(longest() + ahead + 5);
    int pages = 4;
    for (int keys : context) {
      pages += Math.ceilDiv(keys, page);
    }
    return new KvCache.Spec(values.size("layer") + 1, heads, size, valueSize, type, page, pages, sequences() + 2, Math.max(room,
        longest()));
  }
}
