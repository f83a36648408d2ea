package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Keys;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** {@link KvAppend}: after it the cache holds the rounded keys and values, and everywhere else what it held before. */
final class KvAppendFamily extends OperatorFamily {
  private static final List<DType> KEPT = AttentionListing.KEPT;
  /** A slot that no case opens. */
  private static final int CLOSED = 7;
  private static final int PAST = 5;
  private static final int MOST = 1 << 16;

  KvAppendFamily() {
    super(Group.ATTENTION, new Signature("kv_append").with("held", 0).with("tokens", 1).with("at", Values.NONE).with("reserved",
        Values.NONE)
        .with("heads", 1).with("size", 64).with("vsize", Values.NONE).with("x", "f32").with("k", "f32").with("lies",
            Placement.PACKED).with("page", 4)
        .with("layer", 0).with("layers", 1).with("count", Values.NONE).with("sequences", Values.NONE).with("closed", false).with("fill",
            Fill.NORMAL));
  }

  @Override
  public String column(Values values) {
    return values.text("k");
  }

  @Override
  public void list(Listing listing) {
    int[] sizes = {16, 24, 40, 64, 80, 96, 128, 192, 256};
    for (int size : sizes) {
      for (DType k : KEPT) {
        if (size % k.blockSize() == 0) {
          add(listing, size == 64 || k == DType.F16 && size > 40 ? Level.QUICK : Level.STANDARD, "held", ints(5, 0), "tokens", ints(3, 6),
              "heads", 3,
              "size", size, "k", k.label());
        }
      }
    }
    for (int size : ints(1, 3, 7, 31, 33, 100, 513)) {
      for (DType k : RowFamily.FLOATS) {
        add(listing, Level.STANDARD, "held", 2, "tokens", 5, "heads", 2, "size", size, "k", k.label());
      }
    }
    latents(listing);
    types(listing);
    places(listing);
    for (ModelShape model : listing.models()) {
      for (DType k : AttentionListing.kept(model)) {
        for (int[] tokens : new int[][] {{1, 1}, {listing.sized(33, 5, 4)}}) {
          add(listing, k == DType.F16 || k == DType.Q8_0 ? model.least() : Listing.later(Level.STANDARD, model.least()), "held",
              tokens.length == 2 ? ints(19, 4) : ints(3), "tokens", tokens, "heads", listing.sized(model.kvHeads(), 4, 4), "size",
                  model.keySize(), "vsize",
              model.valueSize() == model.keySize() ? Values.NONE : model.valueSize(), "k", k.label(), "page", 16);
        }
      }
    }
  }

  /** Rows that are keys and values in one, so that nothing is kept beside them. */
  private void latents(Listing listing) {
    for (int size : ints(24, 48, 96, 288, 576)) {
      for (DType k : KEPT) {
        if (size % k.blockSize() == 0) {
          add(listing, size == 288 || k == DType.F16 ? Level.QUICK : Level.STANDARD, "held", ints(5, 0), "tokens", ints(3, 6), "size", size, "vsize", 0, "k", k.label(),
              "layers", 2, "layer", 1);
        }
      }
    }
    for (DType x : RowFamily.FLOATS) {
      add(listing, Level.QUICK, "held", ints(7, 0, 2), "tokens", ints(8, 2, 0), "size", 40, "vsize", 0, "x", x.label(), "k", "bf16", "lies", Placement.STRIDED, "page", 3);
    }
  }

  private void types(Listing listing) {
    for (DType x : RowFamily.FLOATS) {
      for (DType k : KEPT) {
        for (Placement placement : Placement.values()) {
          add(listing, placement.ordinal() == (x.ordinal() + k.ordinal()) % 3 ? Level.QUICK : Level.STANDARD, "held", 1, "tokens", 6,
              "heads", 2, "size", 32,
              "x", x.label(), "k", k.label(), "lies", placement);
        }
        for (Fill fill : Fill.values()) {
          // A device may flush denormals, which shows where they are kept as they are.
          if (fill != Fill.DENORMAL) {
            add(listing, x == DType.F32 && fill == Fill.WIDE ? Level.QUICK : x == DType.F32 ? Level.STANDARD : Level.FULL, "tokens", 5,
                "heads", 2, "size",
                32, "x", x.label(), "k", k.label(), "fill", fill);
          }
        }
      }
    }
    for (int[] unequal : new int[][] {{24, 10}, {64, 32}, {32, 64}, {192, 128}, {96, 1}}) {
      for (DType k : KEPT) {
        if (unequal[0] % k.blockSize() == 0 && unequal[1] % k.blockSize() == 0) {
          add(listing, k == DType.F32 && unequal[0] < 64 ? Level.QUICK : Level.STANDARD, "held", 1, "tokens", 5, "heads", 2, "size",
              unequal[0], "vsize",
              unequal[1], "k", k.label());
        }
      }
    }
  }

  private void places(Listing listing) {
    for (DType k : KEPT) {
      Level usual = k == DType.F32 ? Level.QUICK : Level.STANDARD;
      for (int page : ints(1, 3, 4, 12, 16, 64)) {
        add(listing, page == 3 ? usual : Level.STANDARD, "held", ints(7, 0, 2), "tokens", ints(8, 2, 0), "heads", 2, "size", 32, "k",
            k.label(), "page",
            page);
      }
      for (int[] tokens : new int[][] {{0}, {0, 3, 0}, {1, 1, 1, 1}, {5, 0, 1}}) {
        add(listing, usual, "held", new int[tokens.length], "tokens", tokens, "size", 32, "k", k.label());
      }
      add(listing, usual, "held", ints(6, 9), "tokens", ints(2, 1), "heads", 2, "size", 32, "k", k.label(), "layers", 3, "layer", 1);
      add(listing, usual, "held", ints(6, 9), "tokens", ints(2, 1), "heads", 2, "size", 32, "k", k.label(), "layers", 3, "layer", 2);
      // Over what is there already, and with a gap that nothing is written to.
      add(listing, usual, "held", 9, "tokens", 4, "at", 3, "size", 32, "k", k.label());
      add(listing, usual, "held", 2, "tokens", 4, "at", 7, "size", 32, "k", k.label());
      add(listing, usual, "held", 3, "tokens", 4, "reserved", 4, "size", 32, "k", k.label());
      for (int[] at : new int[][] {{40, 0}, {-3, 5}, {12, 1_000_000}, {2_147_483_000, 12}, {-2_147_483_648, 0}}) {
        add(listing, at[0] == 40 || at[0] == -3 ? usual : Level.STANDARD, "held", ints(2, 1), "tokens", ints(5, 1), "at", at, "reserved",
            ints(6, 6), "size",
            32, "k", k.label());
      }
      add(listing, usual, "held", ints(2, 1), "tokens", ints(2, 1), "closed", true, "size", 32, "k", k.label());
      for (int count : ints(0, 2, 3, 8, -2)) {
        add(listing, count == 2 ? usual : Level.STANDARD, "held", ints(1, 2), "tokens", ints(2, 2), "count", count, "size", 32, "k",
            k.label());
        for (int sequences : ints(0, 1, 2, 5, -1)) {
          add(listing, count == 3 && sequences == 1 ? usual : Level.STANDARD, "held", ints(1, 2), "tokens", ints(2, 2), "count", count,
              "sequences",
              sequences, "size", 32, "k", k.label());
        }
      }
    }
  }

  private static int[] ints(int... values) {
    return values;
  }

  private void add(Listing listing, Level least, Object... namesAndValues) {
    listing.add(least, signature().of(namesAndValues));
  }

  /** What a case appends to; made again as it was before every run. */
  private record Contents(Keys keys, int[] slots, int[] held, int[] reserved, KvCache.Spec spec, long seed) {
    void putBack() {
      for (int slot : slots) {
        keys.truncate(slot, 0);
      }
      keys.poison();
      for (int s = 0; s < slots.length; s++) {
        keys.reserve(slots[s], 0, reserved[s]);
        for (int layer = 0; layer < spec.layers(); layer++) {
          keys.append(layer, slots[s], 0, old(s + 10 * layer, held[s], spec.keySize()), old(s + 10 * layer + 5, held[s], spec.valueSize()));
        }
      }
    }

    private double[] old(int which, int n, int size) {
      return Fill.UNIFORM.values(seed + which, n * spec.heads() * size);
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int[] tokens = values.list("tokens");
    int[] held = given(values, "held", tokens.length);
    int[] at = values.text("at").equals(Values.NONE) ? held : given(values, "at", tokens.length);
    int[] reserved = new int[tokens.length];
    for (int s = 0; s < tokens.length; s++) {
      long wanted = values.text("reserved").equals(Values.NONE) ? (long) at[s] + tokens[s] : given(values, "reserved", tokens.length)[s];
      if (held[s] < 0 || tokens[s] < 0 || Math.max(held[s], wanted) > MOST) {
        throw values.wrong("tokens", "few enough for " + MOST + " positions, which what is reserved has to hold");
      }
      reserved[s] = (int) Math.max(held[s], wanted);
    }
    KvCache.Spec spec = spec(values, reserved);
    Keys keys = Keys.of(bench, spec);
    int[] slots = new int[tokens.length];
    for (int s = slots.length - 1; s >= 0; s--) {
      slots[s] = keys.open();
    }
    Contents contents = new Contents(keys, slots, held, reserved, spec, values.seed("old"));
    int rows = Arrays.stream(tokens).sum();
    int actual = values.optional("count").stream().map(count -> Math.clamp(count, 0, rows)).findFirst().orElse(rows);
    int sequences = values.optional("sequences").stream().map(n -> Math.clamp(n, 0, tokens.length)).findFirst().orElse(tokens.length);
    int[] named = slots.clone();
    if (values.on("closed")) {
      named[0] = CLOSED;
    }
    KvAppend append = new KvAppend(rows(values, bench, "k", actual, spec.keySize(), rows), rows(values, bench, "v", actual,
        spec.valueSize(), rows),
        batch(values, bench, tokens, at, named, actual, sequences), keys.cache(), values.size("layer"));
    Map<String, double[]> kept = Oracle.compute(append, Host.buffers());
    int[] starts = AttentionStep.starts(tokens);
    return Trial.of(append).before(contents::putBack).expect((form, findings) -> {
      for (int s = 0; s < sequences; s++) {
        for (int t = starts[s]; t < Math.min(actual, starts[s + 1]); t++) {
          keys.hold(values.size("layer"), named[s], at[s] + t - starts[s], t, kept);
        }
      }
      keys.verify(form, findings);
    });
  }

  private static int[] given(Values values, String name, int sequences) {
    int[] list = values.list(name);
    if (list.length == 1 && sequences > 1) {
      int[] all = new int[sequences];
      Arrays.fill(all, list[0]);
      return all;
    }
    if (list.length != sequences) {
      throw values.wrong(name, "a number for each sequence that tokens has one for");
    }
    return list;
  }

  private static KvCache.Spec spec(Values values, int[] reserved) {
    int page = Math.max(1, values.size("page"));
    int longest = Math.max(1, Arrays.stream(reserved).max().orElse(1));
    int pages = 2 + Arrays.stream(reserved).map(n -> Math.ceilDiv(n, page)).sum();
    int size = values.size("size");
    return new KvCache.Spec(Math.max(values.size("layers"), values.size("layer") + 1), values.size("heads"), size,
        values.optional("vsize").orElse(size),
        values.dtype("k"), page, pages, Math.max(CLOSED + 1, reserved.length), longest + PAST);
  }

  private static Tensor rows(Values values, Workbench bench, String name, int actual, int size, int rows) {
    Tensor tensor = bench.place(values.dtype("x"), values.choice("lies", Placement.class), rows, values.size("heads"), size);
    bench.fill(tensor, values.choice("fill", Fill.class).values(values.seed(name), actual * values.size("heads") * size));
    return bench.counted(tensor, values.optional("count"));
  }

  /** What is past the counts is no number of anything. */
  private static Ragged batch(Values values, Workbench bench, int[] tokens, int[] at, int[] named, int actual, int sequences) {
    int[] starts = AttentionStep.starts(tokens);
    int[] positions = new int[starts[tokens.length]];
    for (int s = 0; s < tokens.length; s++) {
      for (int t = starts[s]; t < starts[s + 1]; t++) {
        positions[t] = at[s] + t - starts[s];
      }
    }
    Arrays.fill(positions, actual, positions.length, -1);
    int[] slots = named.clone();
    for (int s = sequences; s < tokens.length; s++) {
      starts[s + 1] = s % 2 == 0 ? -7 : 1_000_000;
      slots[s] = 99;
    }
    Tensor slotTensor = bench.ints(slots);
    return new Ragged(bench.ints(starts), values.optional("sequences").isPresent()
        ? slotTensor.withCount(bench.ints(values.integer("sequences"))) : slotTensor,
        bench.counted(bench.ints(positions), values.optional("count")));
  }
}
