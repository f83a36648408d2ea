package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;

/** {@link Sample}. */
final class SampleFamily extends LogitFamily {
  private static final int CONTROLS = 4;

  /** Temperature, top_p, min_p, top_k. */
  private static final String[][] SETTINGS = {{"1.0", "1.0", "0.0", "0"}, {"0.7", "1.0", "0.0", "40"}, {"0.8", "0.95", "0.05", "40"},
      {"1.0", "0.5", "0.0", "0"}, {"1.0", "1.0", "0.2", "0"}, {"1.5", "0.9", "0.01", "3"}, {"1.0", "0.0", "0.0", "0"},
      {"1.0", "1.0", "1.0", "0"},
      {"2.0", "1.0", "0.0", "1"}, {"0.01", "1.0", "0.0", "0"}, {"1.0", "1.0", "0.0", "100000"}, {"0.0", "0.5", "0.5", "7"},
      {"-1.0", "0.9", "0.0", "0"}, {"NaN", "0.9", "0.0", "0"}, {"100.0", "0.999", "0.001", "64"}, {"0.6", "0.9", "0.1", "2"}};

  /** What the rows' random numbers differ by. */
  private enum Vary {
    /** Seeds, sequences and positions. */
    ALL,
    /** Positions alone. */
    POSITIONS,
    /** Sequences alone. */
    SEQUENCES,
    /** The low word of the seed alone. */
    LOW,
    /** The high word of the seed alone. */
    HIGH
  }

  SampleFamily() {
    super(logits("sample").with("temperature", "1.0").with("top_p", "1.0").with("min_p", "0.0").with("top_k", "0").with("mixed", false)
        .with("vary", Vary.ALL).with("alike", false));
  }

  @Override
  public void list(Listing listing) {
    covering(listing, List.of(), List.of());
    special(listing);
    for (String[] setting : SETTINGS) {
      for (int n : new int[] {1, 2, 17, 100, 1000}) {
        listing.add(n == 17 || n == 1000 ? Level.QUICK : Level.STANDARD, of(setting, "rows", listing.sized(64, 8, 8), "n", n));
      }
      listing.add(Level.STANDARD, of(setting, "rows", 32, "n", 50, "fill", Fill.TIES));
      listing.add(Level.STANDARD, of(setting, "rows", 8, "n", 50, "fill", Fill.EQUAL));
      listing.add(Level.STANDARD, of(setting, "rows", 8, "n", 40, "at", At.THIRDS, "put", "-Infinity"));
      listing.add(Level.STANDARD, of(setting, "rows", 3, "n", 40, "fill", Fill.ONE_NAN));
      listing.add(Level.STANDARD, of(setting, "rows", 3, "n", 40, "at", At.DIAGONAL, "put", "Infinity"));
      listing.add(Level.STANDARD, of(setting, "rows", 3, "n", 40, "fill", Fill.MINUS_INFINITY));
      for (ModelShape model : listing.models()) {
        int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
        boolean first = model == listing.models().getFirst();
        listing.add(!first ? Level.FULL : setting == SETTINGS[2] ? Level.QUICK : Level.STANDARD, of(setting, "rows", 1, "n", n,
            "spread", "3.0"));
        listing.add(Level.FULL, of(setting, "rows", 3, "n", n, "fill", Fill.TIES));
      }
    }
    listing.add(Level.QUICK, signature().of("rows", SETTINGS.length, "n", 60, "mixed", true));
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
      listing.add(Listing.later(Level.STANDARD, model.least()), signature().of("rows", 2, "n", n, "temperature", "0.8", "top_p", "0.95"));
    }
    for (Placement placement : Placement.values()) {
      listing.add(Level.STANDARD, signature().of("rows", 2 * SETTINGS.length, "n", 60, "mixed", true, "lies", placement));
    }
    listing.add(Level.STANDARD, signature().of("rows", SETTINGS.length, "n", 60, "mixed", true, "fill", Fill.TIES));
    listing.add(Level.STANDARD, signature().of("rows", SETTINGS.length, "n", 60, "mixed", true, "count", 11));
    for (Vary vary : Vary.values()) {
      listing.add(Level.STANDARD, signature().of("rows", listing.sized(4096, 128, 128), "n", 4,
          "spread", "1.0", "alike", true, "vary", vary));
    }
    for (String[] setting : List.of(SETTINGS[2], SETTINGS[4], SETTINGS[5])) {
      listing.add(Level.STANDARD, of(setting, "rows", listing.sized(4096, 128, 128), "n", 9, "alike", true));
    }
  }

  private TestCase of(String[] setting, Object... namesAndValues) {
    Object[] all = Arrays.copyOf(namesAndValues, namesAndValues.length + 2 * CONTROLS);
    String[] names = {"temperature", "top_p", "min_p", "top_k"};
    for (int i = 0; i < CONTROLS; i++) {
      all[namesAndValues.length + 2 * i] = names[i];
      all[namesAndValues.length + 2 * i + 1] = setting[i];
    }
    return signature().of(all);
  }

  @Override
  public String column(Values values) {
    return DType.F32.label();
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    Tensor x = logits(values, bench, DType.F32, values.size("n"));
    if (values.on("alike")) {
      int n = values.size("n");
      double[] one = Fill.NORMAL.values(values.seed("alike"), n);
      double[] all = new double[values.size("rows") * n];
      Arrays.setAll(all, i -> one[i % n]);
      bench.fill(x, all);
    }
    Tensor controls = rows(values, bench, DType.F32, all -> controls(values, all), CONTROLS);
    Tensor seeds = rows(values, bench, DType.I32, all -> seeds(values, all), 3);
    Tensor positions = rows(values, bench, DType.I32, all -> positions(values, all));
    Sample op = new Sample(x, controls, seeds, positions, rowsOut(values, bench, DType.I32));
    Trial trial = Trial.of(op).expect(new Draws(op));
    if (values.on("alike")) {
      trial.expect(new Shares(op));
    }
    return independentRows(values, bench, trial, x, op.ids());
  }

  private static double[] controls(Values values, int all) {
    double[] controls = new double[all];
    double[] one = {values.number("temperature"), values.number("top_p"), values.number("min_p"), values.number("top_k")};
    Arrays.setAll(controls, i -> values.on("mixed") ? Float.parseFloat(SETTINGS[i / CONTROLS % SETTINGS.length][i % CONTROLS])
        : one[i % CONTROLS]);
    return controls;
  }

  private static double[] seeds(Values values, int all) {
    int[] words = Inputs.integers(values.seed("seeds"), all, Integer.MIN_VALUE, Integer.MAX_VALUE);
    int varying = switch (values.choice("vary", Vary.class)) {
      case ALL, POSITIONS -> -1;
      case LOW -> 0;
      case HIGH -> 1;
      case SEQUENCES -> 2;
    };
    boolean any = values.choice("vary", Vary.class) == Vary.ALL;
    double[] seeds = new double[all];
    Arrays.setAll(seeds, i -> any ? words[i] : i % 3 == varying ? i / 3 : 17);
    return seeds;
  }

  private static double[] positions(Values values, int rows) {
    double[] positions = new double[rows];
    int[] any = Inputs.integers(values.seed("positions"), rows, 0, 100_000);
    Vary vary = values.choice("vary", Vary.class);
    Arrays.setAll(positions, i -> vary == Vary.ALL ? any[i] : vary == Vary.POSITIONS ? i : 5);
    return positions;
  }
}
