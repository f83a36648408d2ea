package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@link Matmul}, over every type of weight. */
final class MatmulFamily extends OperatorFamily {
  /** Weights up to this many elements are near one another in size, as a model's are; larger ones are random codes, which is quicker. */
  private static final long MOST_ENCODED = 1 << 18;
  private static final int MOST_ROWS = 24;
  private static final int MOST_COLUMNS = 48;
  private static final int SUPER_BLOCK = 256;
  private static final List<DType> WEIGHTS = Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32).toList();

  /** Whether the weight is the one the model's file has or one that the backend made ready. */
  private enum Weight {
    /** As it lies in the file. */
    PLAIN,
    /** By {@code prepare}. */
    PREPARED
  }

  MatmulFamily() {
    super(Group.MATMUL, RowFamily.signature("matmul").with("k", 256).with("w", "f32").with("weight", Weight.PREPARED).with("bias", false));
  }

  @Override
  public void list(Listing listing) {
    for (DType w : WEIGHTS) {
      int k = w.blockSize() == 1 ? 77 : w.blockSize();
      for (Weight weight : Weight.values()) {
        for (int rows : new int[] {1, 5}) {
          listing.add(Level.QUICK, signature().of("rows", rows, "n", 37, "k", k, "w", w.label(), "weight", weight));
        }
      }
      for (ModelShape model : listing.models()) {
        int hidden = listing.sized(model.hidden(), 512, SUPER_BLOCK);
        int wide = listing.sized(model.intermediate(), 768, SUPER_BLOCK);
        for (int rows : new int[] {1, listing.sized(512, 33, 32)}) {
          listing.add(model.least(), signature().of("rows", rows, "n", wide, "k", hidden, "w", w.label()));
        }
      }
    }
  }

  @Override
  public String column(Values values) {
    return values.text("w");
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int n = values.size("n");
    int k = values.size("k");
    DType type = values.dtype("w");
    Tensor x = RowFamily.rows(values, bench, "x", values.choice("fill", Fill.class), k);
    Tensor w = (long) n * k > MOST_ENCODED ? bench.random(type, Placement.PACKED, values.seed("w"), n, k)
        : bench.input(type, values.choice("lies", Placement.class), scaled(Fill.NORMAL.values(values.seed("w"), n * k)), n, k);
    Optional<Tensor> bias = values.on("bias") ? Optional.of(bench.vector(Fill.NORMAL.values(values.seed("bias"), n))) : Optional.empty();
    Tensor y = RowFamily.rowsOut(values, bench, "y", n);
    Tensor given = values.choice("weight", Weight.class) == Weight.PREPARED ? bench.prepared(w, Use.MATMUL) : w;
    Trial trial = Trial.of(new Matmul(x, given, bias, y));
    sample(values, new Matmul(x, w, bias, y), trial);
    return RowFamily.independentRows(values, bench, trial, x, y);
  }

  private static double[] scaled(double[] values) {
    return Arrays.stream(values).map(value -> (float) (0.07 * value)).toArray();
  }

  /** All of a small product; of a large one, chosen columns of chosen rows. */
  private static void sample(Values values, Matmul whole, Trial trial) {
    int rows = values.size("rows");
    int n = values.size("n");
    if (values.optional("count").isPresent() || rows <= MOST_ROWS && n <= MOST_COLUMNS * 8) {
      trial.expect(whole, Bounds.matmul(whole.w().dtype()));
      return;
    }
    List<Matmul> sampled = new ArrayList<>();
    for (int row : Sampling.rows(values.seed("rows"), rows, MOST_ROWS)) {
      for (int column : Sampling.rows(values.seed("columns") + row, n, MOST_COLUMNS)) {
        sampled.add(new Matmul(whole.x().slice(0, row, row + 1), whole.w().slice(0, column, column + 1),
            whole.bias().map(b -> b.slice(0, column, column + 1)), whole.y().slice(0, row, row + 1).slice(1, column, column + 1)));
      }
    }
    trial.expect(sampled, Bounds.matmul(whole.w().dtype()));
  }
}
