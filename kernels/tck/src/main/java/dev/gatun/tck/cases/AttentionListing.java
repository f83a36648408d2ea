package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.Scale;
import dev.gatun.tck.cases.AttentionFamily.Where;
import dev.gatun.tck.cases.AttentionStep.Odd;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The cases of attention. */
final class AttentionListing {
  /** What a cache may keep. */
  static final List<DType> KEPT = List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);

  private static final int[] SIZES = {16, 24, 40, 64, 80, 96, 128, 192, 256};
  private static final int[] MIXED_CONTEXT = {150, 37};

  private final Signature signature;
  private final Listing listing;

  AttentionListing(Signature signature, Listing listing) {
    this.signature = signature;
    this.listing = listing;
  }

  void list() {
    headSizes();
    groups();
    contexts();
    prefills();
    masks();
    slopes();
    types();
    pages();
    counts();
    nothingToSee();
    special();
    manySequences();
    longContexts();
    models();
    everything();
  }

  private void add(Level least, Object... namesAndValues) {
    listing.add(least, signature.of(namesAndValues));
  }

  /** A case over both kinds of keys; a type that only caches have over pages alone. */
  private void both(Level least, Object... namesAndValues) {
    both(least, least, namesAndValues);
  }

  private void both(Level paged, Level dense, Object... namesAndValues) {
    for (Where where : Where.values()) {
      Object[] all = Arrays.copyOf(namesAndValues, namesAndValues.length + 2);
      all[namesAndValues.length] = "kv";
      all[namesAndValues.length + 1] = where;
      List<Object> given = Arrays.asList(namesAndValues);
      int k = given.indexOf("k");
      if (where == Where.PAGED || k < 0 || RowFamily.FLOATS.contains(DType.of((String) given.get(k + 1)).orElseThrow())) {
        add(where == Where.PAGED ? paged : dense, all);
      }
    }
  }

  /** What the keys and values of a model can be kept as: heads that are no whole number of blocks in no block type. */
  static List<DType> kept(ModelShape model) {
    return KEPT.stream().filter(k -> model.keySize() % k.blockSize() == 0 && model.valueSize() % k.blockSize() == 0).toList();
  }

  private static int[] ints(int... values) {
    return values;
  }

  private void headSizes() {
    for (int size : SIZES) {
      for (int group : ints(1, 3)) {
        add(group == 3 ? Level.QUICK : Level.STANDARD, "context", ints(7, 13), "tokens", ints(7, 1), "heads", 2, "group", group, "size",
            size);
        for (DType k : RowFamily.FLOATS) {
          both(Level.STANDARD, group == 3 ? Level.STANDARD : Level.FULL, "context", ints(7, 13), "tokens", ints(7, 1), "heads", 2,
              "group", group, "size", size, "k", k.label());
        }
      }
      add(size % 40 == 0 ? Level.QUICK : Level.STANDARD, "kv", Where.DENSE, "context", ints(7, 13), "tokens", ints(7, 1), "group", 2,
          "size", size);
    }
    for (int size : ints(1, 2, 7, 8, 33, 63, 65, 100, 160, 320, 513)) {
      both(Level.STANDARD, "context", ints(5, 9), "tokens", ints(2, 1), "heads", 2, "group", 2, "size", size);
      both(Level.FULL, "context", ints(5, 9), "tokens", ints(2, 1), "heads", 2, "group", 2, "size", size, "k", "f16");
    }
    int[][] unequal = {{24, 10}, {64, 32}, {192, 128}, {40, 64}, {128, 256}, {96, 1}, {576, 512}};
    for (int[] sizes : unequal) {
      for (DType k : KEPT) {
        boolean blocks = k.blockSize() == 1 || sizes[0] % k.blockSize() + sizes[1] % k.blockSize() == 0;
        if (blocks) {
          both(k == DType.F32 && sizes[0] < 200 && sizes[1] > 1 ? Level.QUICK : Level.STANDARD, "context", ints(5, 19), "tokens", ints(3,
              1), "heads", 2,
              "group", 2, "size", sizes[0], "vsize", sizes[1], "k", k.label());
        }
      }
    }
    add(Level.STANDARD, "context", 5, "tokens", 2, "size", 40, "k", "q8_0");
  }

  private void groups() {
    for (int group = 1; group <= 8; group++) {
      add(Level.QUICK, "context", 17, "group", group, "size", 24, "k", group % 2 == 0 ? "f16" : "f32");
      for (int heads : ints(1, 2, 3, 5)) {
        both(Level.STANDARD, Level.FULL, "context", 9, "tokens", 4, "heads", heads, "group", group, "size", 24);
        both(Level.STANDARD, Level.FULL, "context", 17, "tokens", 1, "heads", heads, "group", group, "size", 24);
        add(Level.FULL, "context", 33, "tokens", 17, "heads", heads, "group", group, "size", 64, "k", "f16");
        add(Level.FULL, "context", 33, "tokens", 1, "heads", heads, "group", group, "size", 128, "k", "bf16");
      }
    }
    for (int group : ints(12, 16, 31, 32, 64)) {
      both(Level.STANDARD, "context", 21, "tokens", 3, "group", group, "size", 16);
      add(Level.STANDARD, "context", 21, "tokens", 1, "group", group, "size", 64, "k", "f16");
    }
  }

  private void contexts() {
    for (int context : ints(1, 2, 15, 16, 17, 31, 33, 64, 65, 127, 129, 257)) {
      add(Level.QUICK, "context", context, "heads", 2, "group", 2, "size", 40);
    }
    for (int context : ints(1, 2, 3, 4, 5, 8, 13, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 97, 127, 128, 129, 131, 191, 255, 256, 257, 383,
        511, 512, 513,
        641, 1023, 1024, 1025, 1031)) {
      both(Level.STANDARD, "context", context, "heads", 2, "group", 2, "size", 40);
      both(Level.STANDARD, Level.FULL, "context", context, "group", 2, "size", 64, "k", "f16");
      for (DType k : KEPT) {
        both(Level.FULL, "context", context, "heads", 2, "group", 4, "size", 128, "k", k.label());
      }
    }
  }

  /** Steps whose tokens begin, fill and pass the tiles of tokens and of keys. */
  private void prefills() {
    for (int tokens : ints(2, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129)) {
      for (DType k : RowFamily.FLOATS) {
        int n = listing.sized(tokens, 65, 32);
        both(k == DType.F16 && (tokens == 17 || tokens == 65) ? Level.QUICK : Level.STANDARD, k == DType.F16 ? Level.STANDARD
            : Level.FULL, "context", n, "tokens", n, "group", 2, "size", 16, "k",
            k.label());
        int past = listing.sized(200, 72, 64);
        both(Level.FULL, "context", past, "tokens", Math.min(n, past), "group", 4, "size", 64, "k", k.label());
      }
    }
    for (int tokens : ints(2, 7, 8, 9, 16, 17)) {
      both(tokens == 9 ? Level.QUICK : Level.STANDARD, "context", 90, "tokens", tokens, "heads", 2, "size", 24);
      both(Level.STANDARD, "context", 90, "tokens", tokens, "heads", 2, "size", 24, "k", "bf16", "causal", false);
    }
  }

  private void masks() {
    Object[][] masks = {{}, {"window", 1}, {"window", 3}, {"window", 4}, {"window", 9}, {"window", 1000}, {"softcap", 3}, {"window", 5,
        "softcap", 0.5},
        {"causal", false}, {"causal", false, "window", 6}, {"causal", false, "softcap", 2}, {"scale", 0}, {"scale", -0.2}, {"scale", 0.2,
            "softcap", 50}};
    for (Object[] mask : masks) {
      for (boolean sinks : new boolean[] {false, true}) {
        Object[] named = joined(mask, "context", ints(11, 6, 1), "tokens", ints(5, 1, 1), "heads", 2, "group", 2, "size", 24, "page", 4,
            "sinks", sinks);
        add(sinks ? Level.QUICK : Level.STANDARD, named);
        both(Level.STANDARD, sinks ? Level.STANDARD : Level.FULL, named);
        for (DType k : KEPT) {
          both(sinks && (k == DType.F32 || k == DType.F16 || k == DType.Q8_0) ? Level.STANDARD : Level.FULL, joined(mask, "context",
              ints(21, 70), "tokens", ints(5, 1), "group", 4, "size", 64, "page", 12, "sinks", sinks, "k",
              k.label()));
          // One token a sequence, which other kernels may serve than several.
          both(Level.FULL, joined(mask, "context", ints(140, 33, 1), "tokens", ints(1, 1, 1), "heads", 2, "group", 3, "size", 96, "sinks",
              sinks, "k",
              k.label()));
        }
      }
    }
    Object[][] distant = {{}, {"window", 3}, {"window", 129, "softcap", 2}, {"window", 300}, {"causal", false}, {"causal", false,
        "window", 40}};
    int[] context = {listing.sized(700, 380, 64), 131, 64};
    for (Object[] mask : distant) {
      for (int[] tokens : new int[][] {{1, 1, 1}, {listing.sized(40, 9, 8), 1, 0}}) {
        for (DType k : KEPT) {
          int size = k.blockSize() == 1 ? 24 : 32;
          add(k == DType.F32 && tokens[0] == 1 ? Level.QUICK : Level.STANDARD, joined(mask, "context", context, "tokens", tokens, "group",
              4, "size", size,
              "page", 12, "sinks", true, "k", k.label()));
        }
        add(Level.STANDARD, joined(mask, "kv", Where.DENSE, "context", context, "tokens", tokens, "group", 4, "size", 24));
      }
    }
  }

  /** ALiBi's slopes, over numbers of heads that are powers of two and not. */
  private void slopes() {
    for (Object bias : new Object[] {8, 0.5, 16}) {
      for (int group : ints(1, 3, 4)) {
        boolean quick = bias.equals(8) && group > 1;
        both(quick ? Level.QUICK : Level.STANDARD, Level.STANDARD, "context", ints(37, 9, 1), "tokens", ints(5, 1, 1), "heads", 2, "group", group, "size", 24, "max_bias", bias);
        both(Level.STANDARD, "context", ints(150, 20), "tokens", ints(40, 1), "heads", 2, "group", group, "size", 64, "k", "f16", "max_bias", bias);
        both(Level.STANDARD, "context", ints(37, 9), "tokens", ints(9, 9), "heads", 2, "group", group, "size", 24, "max_bias", bias, "causal", false);
      }
      both(Level.STANDARD, "context", ints(70, 9), "tokens", ints(9, 1), "group", 5, "size", 40, "max_bias", bias, "window", 20, "softcap", 3, "sinks", true, "page", 12);
    }
    for (DType k : KEPT) {
      add(k == DType.Q8_0 ? Level.QUICK : Level.STANDARD, "context", ints(listing.sized(1300, 700, 64), 20), "tokens", ints(1, 1), "group", 4, "size", 32, "k", k.label(),
          "max_bias", 8);
    }
  }

  private static Object[] joined(Object[] first, Object... rest) {
    Object[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }

  private void types() {
    for (DType k : KEPT) {
      for (DType q : RowFamily.FLOATS) {
        for (DType y : RowFamily.FLOATS) {
          for (Placement placement : Placement.values()) {
            boolean quick = placement.ordinal() == (q.ordinal() + k.ordinal()) % 3 && q == y;
            boolean turn = placement.ordinal() == (q.ordinal() + y.ordinal() + k.ordinal()) % 3;
            both(quick ? Level.QUICK : turn ? Level.STANDARD : Level.FULL, "context", ints(9, 3), "tokens", ints(3, 1), "heads", 2,
                "group", 2, "size",
                k.blockSize() == 1 ? 40 : 64, "q", q.label(), "k", k.label(), "y", y.label(), "lies", placement);
          }
        }
      }
      for (int size : ints(64, 128, 256)) {
        for (int group : ints(2, 7)) {
          for (int[] tokens : new int[][] {{1, 1}, {1, 9}}) {
            boolean quick = size == 64 && (group == 2) == (tokens[1] == 1);
            add(quick ? Level.QUICK : Level.STANDARD, "context", MIXED_CONTEXT, "tokens", tokens, "group", group, "size", size, "k",
                k.label(), "sinks",
                group == 2);
            for (DType q : List.of(DType.F16, DType.BF16)) {
              add(Level.FULL, "context", MIXED_CONTEXT, "tokens", tokens, "group", group, "size", size, "q", q.label(), "k", k.label(),
                  "y", q.label());
            }
          }
        }
      }
    }
  }

  private void pages() {
    for (int page : ints(1, 4, 12, 16, 64, 100, 256)) {
      for (DType k : List.of(DType.F32, DType.F16)) {
        for (int[] tokens : new int[][] {{1, 1}, {1, 17}}) {
          add(page < 16 && tokens[1] == 1 ? Level.QUICK : Level.STANDARD, "context", ints(70, 33), "tokens", tokens, "group", 2, "size",
              24, "page", page,
              "k", k.label());
          add(Level.STANDARD, "context", ints(70, 33), "tokens", tokens, "heads", 2, "group", 4, "size", 64, "page", page, "k", k.label(),
              "window", 20);
        }
      }
    }
    // What a slot could hold decides how the work is cut, what it does hold is all there is to read.
    for (int room : ints(33, 64, 1000, 4096, 131_072)) {
      for (DType k : List.of(DType.F32, DType.F16, DType.Q8_0)) {
        add(room == 4096 ? Level.QUICK : Level.STANDARD, "context", ints(33, 1), "tokens", ints(1, 1), "group", 2, "room", room, "k",
            k.label());
        add(Level.STANDARD, "context", ints(33, 1), "tokens", ints(9, 1), "group", 2, "room", room, "k", k.label());
      }
    }
    for (DType k : KEPT) {
      add(k == DType.BF16 ? Level.QUICK : Level.STANDARD, "context", ints(19, 5), "tokens", ints(2, 1), "heads", 2, "group", 2, "layer",
          2, "k", k.label());
    }
  }

  private void counts() {
    for (Where where : Where.values()) {
      for (int count : ints(0, 1, 2, 4, 5, 6, 9, -3)) {
        add(count == 4 || count == 0 || count == -3 ? Level.QUICK : Level.STANDARD, "kv", where, "context", ints(3, 4, 3), "tokens",
            ints(2, 2, 2), "group",
            2, "size", 16, "count", count);
        for (int sequences : ints(0, 1, 2, 3, 5, -1)) {
          add(sequences == 1 && count == 2 ? Level.QUICK : count == 4 || count == 9 ? Level.STANDARD : Level.FULL, "kv", where, "context",
              ints(3, 4, 3), "tokens", ints(2, 2, 2), "group", 2,
              "size", 16, "count", count, "sequences", sequences);
          add(Level.FULL, "kv", where, "context", ints(30, 40, 65), "tokens", ints(1, 1, 17), "group", 4, "size", 64, "k", "f16", "count",
              3 * count,
              "sequences", sequences);
        }
      }
      for (int sequences : ints(0, 1, 2, -1)) {
        add(sequences == 1 ? Level.QUICK : Level.STANDARD, "kv", where, "context", ints(30, 20), "tokens", ints(1, 1), "group", 2, "size",
            64, "k", "f16",
            "sequences", sequences);
      }
    }
  }

  private void nothingToSee() {
    for (Where where : Where.values()) {
      add(Level.QUICK, "kv", where, "context", ints(5, 0, 7), "tokens", ints(2, 0, 0), "group", 2, "size", 16);
      add(Level.QUICK, "kv", where, "context", 5, "tokens", 0, "group", 2, "size", 16);
      add(Level.QUICK, "kv", where, "context", ints(0, 5), "tokens", ints(0, 3), "group", 2, "size", 16);
      for (DType k : RowFamily.FLOATS) {
        add(k == DType.F32 ? Level.QUICK : Level.STANDARD, "kv", where, "context", ints(6, 4), "tokens", ints(3, 1), "loose", 3, "group",
            2, "size", 64, "k",
            k.label());
        add(Level.STANDARD, "kv", where, "context", ints(6, 4), "tokens", ints(1, 1), "loose", 1, "group", 2, "size", 64, "k", k.label(),
            "sinks", true);
        // Positions past every key: dense keys end where they end; in pages there is no page, or nothing in it, which must not be passed
        // over.
        add(k == DType.F16 ? Level.QUICK : Level.STANDARD, "kv", where, "context", 6, "tokens", 2, "ahead", 3, "page", 4, "group", 2,
            "size", 16, "k",
            k.label());
        add(Level.STANDARD, "kv", where, "context", 6, "tokens", 9, "page", 4, "group", 2, "size", 16, "k", k.label());
      }
    }
    for (boolean sinks : new boolean[] {false, true}) {
      add(Level.QUICK, "kv", Where.DENSE, "context", ints(0, 3), "tokens", ints(2, 1), "group", 2, "size", 16, "sinks", sinks);
      add(Level.QUICK, "kv", Where.DENSE, "context", 2, "tokens", 3, "ahead", 1, "window", 2, "group", 2, "size", 16, "sinks", sinks);
      add(Level.STANDARD, "kv", Where.DENSE, "context", 40, "tokens", 20, "ahead", 20, "window", 8, "group", 2, "size", 64, "k", "f16",
          "sinks", sinks);
    }
  }

  private void special() {
    for (Odd odd : Odd.values()) {
      for (DType k : KEPT) {
        if (odd == Odd.NOTHING || odd == Odd.INFINITE_KEY && k == DType.F8_E4M3 || odd == Odd.INFINITE_VALUE && k == DType.F8_E4M3) {
          continue;
        }
        for (int at : odd == Odd.NAN_QUERY ? ints(18) : ints(5, 18)) {
          int size = k.blockSize() == 1 ? 24 : 32;
          boolean common = k == DType.F32 || k == DType.F16;
          Level usual = common ? Level.STANDARD : Level.FULL;
          add(common && at == 18 ? Level.QUICK : Level.STANDARD, "context", 20, "tokens", 3, "group", 2, "size", size, "k", k.label(),
              "odd", odd, "at", at);
          both(usual, "context", 20, "tokens", 3, "group", 2, "size", size, "k", k.label(), "odd", odd, "at", at);
          both(usual, "context", 20, "tokens", 3, "group", 2, "size", size, "k", k.label(), "odd", odd, "at", at, "window", 4);
          both(usual, "context", 20, "tokens", 1, "group", 2, "size", 64, "k", k.label(), "odd", odd, "at", at, "window", 4);
          both(usual, "context", ints(20, 90), "tokens", ints(1, 9), "group", 2, "size", 64, "k", k.label(), "odd", odd, "at", at, "causal",
              false);
        }
      }
    }
    for (DType k : KEPT) {
      boolean quick = k == DType.F32 || k == DType.BF16;
      for (Object scale : new Object[] {1, 64, 4096, -4096}) {
        for (int[] tokens : new int[][] {{1, 1}, {9, 1}}) {
          both(quick && tokens[0] == 1 && !scale.equals(64) ? Level.QUICK : quick ? Level.STANDARD : Level.FULL, "context", ints(40, 7),
              "tokens", tokens, "group", 2, "scale",
              scale, "fill", Fill.TIES, "kfill", Fill.TIES, "k", k.label());
        }
      }
      for (Fill fill : List.of(Fill.EQUAL, Fill.ZERO, Fill.DENORMAL)) {
        for (int[] tokens : new int[][] {{1, 1}, {9, 1}}) {
          both(k == DType.F32 && tokens[0] == 9 ? Level.QUICK : quick ? Level.STANDARD : Level.FULL, "context", ints(40, 7), "tokens",
              tokens, "group", 2, "kfill", fill, "k", k.label());
        }
      }
      both(Level.STANDARD, "context", ints(40, 7), "tokens", ints(9, 1), "group", 2, "fill", Fill.ZERO, "k", k.label());
    }
    for (Object scale : new Object[] {1, -1, 3}) {
      both(Level.STANDARD, "context", ints(40, 7), "tokens", ints(9, 1), "group", 2, "scale", scale);
    }
    both(Level.STANDARD, "context", ints(40, 7), "tokens", ints(9, 1), "group", 2, "fill", Fill.OUTLIERS);
  }

  private void manySequences() {
    int[] context = {1, 2, 3, 5, 8, 13, 21, 34};
    for (DType k : RowFamily.FLOATS) {
      both(k == DType.F16 ? Level.QUICK : Level.STANDARD, "context", context, "tokens", ints(1, 1, 1, 2, 3, 5, 8, 13), "group", 2, "size",
          64, "k",
          k.label());
      both(Level.STANDARD, "context", context, "tokens", context, "heads", 2, "size", 40, "k", k.label());
      for (int sequences : ints(9, 17, 33)) {
        int[] ones = new int[sequences];
        Arrays.fill(ones, 1);
        both(Level.STANDARD, Level.FULL, "context", IntStream.range(7, 7 + sequences).toArray(), "tokens", ones, "heads", 2, "group", 2,
            "size", 64, "k", k.label());
      }
    }
  }

  private void longContexts() {
    boolean small = listing.scale() == Scale.EMULATED;
    for (DType k : KEPT) {
      both(Level.STANDARD, "context", small ? 1541 : 4101, "group", 4, "k", k.label(), "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM);
      both(Level.STANDARD, "context", ints(small ? 1031 : 3001, 513, 1), "tokens", ints(1, 1, 1), "heads", small ? 1 : 2, "group", 4,
          "size",
          small ? 64 : 128, "k", k.label(), "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM, "page", 64);
      both(Level.STANDARD, "context", small ? 1541 : 4101, "group", 4, "k", k.label(), "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM,
          "window",
          small ? 1025 : 2049);
      both(Level.FULL, "context", small ? 2049 : 2500, "tokens", small ? 2 : 33, "group", small ? 1 : 4, "k", k.label(), "fill",
          Fill.UNIFORM, "kfill",
          Fill.UNIFORM);
      for (int context : small ? ints(4099) : ints(16_381, 32_771)) {
        both(Level.FULL, "context", context, "heads", 1, "group", small ? 1 : 8, "size", small ? 64 : 128, "k", k.label(), "fill",
            Fill.UNIFORM, "kfill",
            Fill.UNIFORM, "page", 64);
      }
    }
    if (!small) {
      add(Level.FULL, "context", 65_539, "group", 4, "k", "f16", "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM, "page", 32);
    }
  }

  /** One sequence alone, several that are decoded, a prompt, and a prompt beside sequences that are decoded. */
  private void models() {
    for (ModelShape model : listing.models()) {
      int group = model.heads() / model.kvHeads();
      int heads = listing.sized(model.kvHeads(), Math.max(1, 4 / group), 1);
      Object[] shape = {"heads", heads, "group", group, "size", model.keySize(), "vsize",
          model.valueSize() == model.keySize() ? Values.NONE : model.valueSize(), "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM};
      int decoded = listing.sized(1000, 104, 64);
      int prompt = listing.sized(137, 25, 16);
      for (DType k : kept(model)) {
        for (DType q : RowFamily.FLOATS) {
          Level usual = k == DType.F16 && q == DType.F32 ? model.least() : k == q || q == DType.F32 && k == DType.Q8_0
              ? Listing.later(Level.STANDARD, model.least()) : Level.FULL;
          Object[] typed = joined(shape, "q", q.label(), "k", k.label(), "y", q.label());
          both(usual, joined(typed, "context", ints(decoded, 37, 5), "tokens", ints(1, 1, 1)));
          both(usual, joined(typed, "context", prompt, "tokens", prompt));
          both(Listing.later(Level.STANDARD, usual), joined(typed, "context", decoded));
          both(Listing.later(Level.STANDARD, usual), joined(typed, "context", ints(listing.sized(150, 86, 64), decoded, 2), "tokens",
              ints(listing.sized(40, 9, 8), 1, 1)));
          both(Level.FULL, joined(typed, "context", ints(decoded, 64), "tokens", ints(listing.sized(64, 3, 1), listing.sized(64, 3, 1)),
              "causal", false));
        }
      }
    }
  }

  /** Types, sizes, groups and steps against each other. */
  private void everything() {
    for (DType k : KEPT) {
      for (DType q : RowFamily.FLOATS) {
        for (int size : ints(32, 64, 96, 128)) {
          for (int group : ints(1, 3, 4, 8)) {
            for (int[] tokens : new int[][] {{1, 1, 1}, {1, 5, 18}}) {
              both(Level.FULL, "context", ints(67, 5, 18), "tokens", tokens, "group", group, "size", size, "q", q.label(), "k", k.label(),
                  "y", q.label(),
                  "page", 12);
            }
          }
        }
      }
    }
  }
}
