package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Draft;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** What programs are made of: inputs that are new in every turn, weights, temporaries, outputs, and the count that they may vary with. */
final class ProgramParts {
  /** So many rows of a weight are made; a larger one repeats them. */
  private static final int ROWS_ENCODED = 61;
  private static final int WITHOUT_COUNT = 2;

  final Values values;
  final Workbench bench;
  final Draft draft;
  final int rows;
  final int hidden;
  final int wide;
  final DType type;

  private final Optional<Tensor> count;
  private final List<IntConsumer> fills = new ArrayList<>();
  private int named;

  ProgramParts(Values values, Workbench bench) {
    this.values = values;
    this.bench = bench;
    this.draft = new Draft(bench, values.text("kind"));
    this.rows = values.size("rows");
    this.hidden = values.size("hidden");
    this.wide = values.size("wide");
    this.type = values.dtype("t");
    this.count = values.optional("count").isPresent() ? Optional.of(bench.ints(0)) : Optional.empty();
  }

  /** How many submissions with inputs of their own there are. */
  int turns() {
    return count.isPresent() ? WITHOUT_COUNT + 1 : WITHOUT_COUNT;
  }

  /** The rows there are in a turn: as many as the case says, then one more, or none, then none; without a count always all. */
  int actual(int turn) {
    OptionalInt first = values.optional("count");
    if (first.isEmpty()) {
      return rows;
    }
    int actual = Math.clamp(first.getAsInt(), 0, rows);
    return turn == 0 ? actual : turn == 1 ? (actual + 1) % (rows + 1) : 0;
  }

  /** Called once all operators are there. */
  void finish() {
    for (int turn = 0; turn < turns(); turn++) {
      int now = turn;
      draft.turn(() -> {
        count.ifPresent(tensor -> bench.fill(tensor, actual(now)));
        fills.forEach(fill -> fill.accept(now));
      });
    }
  }

  /** Something else that changes with the turns. */
  void eachTurn(IntConsumer fill) {
    fills.add(fill);
  }

  Tensor counted(Tensor tensor) {
    return count.map(tensor::withCount).orElse(tensor);
  }

  /** An input of rows of {@code n} elements. */
  Tensor input(int n) {
    return input(type, n);
  }

  /** The same of another type than the case's. */
  Tensor input(DType dtype, int n) {
    Tensor tensor = bench.place(dtype, values.choice("lies", Placement.class), rows, n);
    String name = "input" + named++;
    fills.add(turn -> bench.fill(tensor, Fill.NORMAL.values(values.seed(name) + turn, actual(turn) * n)));
    return counted(tensor);
  }

  /** An input that always has all rows. */
  Tensor always(int n) {
    Tensor tensor = bench.place(type, Placement.PACKED, rows, n);
    String name = "input" + named++;
    fills.add(turn -> bench.fill(tensor, Fill.NORMAL.values(values.seed(name) + turn, rows * n)));
    return tensor;
  }

  /** A temporary of rows of {@code n} elements. */
  Tensor temporary(int n) {
    return counted(draft.temporary(type, rows, n));
  }

  /** A temporary of that type, of rows of so many by so many elements. */
  Tensor temporary(DType dtype, long... inner) {
    long[] shape = new long[inner.length + 1];
    shape[0] = rows;
    System.arraycopy(inner, 0, shape, 1, inner.length);
    return counted(draft.temporary(dtype, shape));
  }

  /** An output. */
  Tensor output(int n) {
    return counted(bench.place(type, values.choice("lies", Placement.class), rows, n));
  }

  /** A norm's weight. */
  Tensor norm(int n) {
    return bench.vector(Inputs.uniform(values.seed("norm" + named++), n, 0.5, 1.5));
  }

  /** A matrix of the case's type of weight, scaled so that products keep the size of what they are made of. */
  Tensor matrix(int n, int k) {
    return weight(n, k, n, k);
  }

  /** Matrices of that many experts. */
  Tensor matrices(int experts, int n, int k) {
    return weight(experts * n, k, experts, n, k);
  }

  private Tensor weight(int n, int k, long... shape) {
    DType dtype = values.dtype("w");
    Tensor plain = bench.place(dtype, Placement.PACKED, shape);
    int made = Math.min(n, ROWS_ENCODED);
    bench.fill(plain.reshape(n, k), Inputs.normal(values.seed("matrix" + named++), made * k, 1 / Math.sqrt(k)));
    MemorySegment memory = Host.buffers().memory(plain).asSlice(plain.offset(), plain.bytes());
    long row = dtype.bytes(k);
    for (long at = made * row; at < n * row; at += made * row) {
      memory.asSlice(at, Math.min(made * row, n * row - at)).copyFrom(memory.asSlice(0, Math.min(made * row, n * row - at)));
    }
    return values.on("prepared") ? draft.prepared(plain, Use.MATMUL) : plain;
  }

  /** A table of embeddings. */
  Tensor table(int n, int k) {
    Tensor plain = bench.input(values.dtype("w"), Placement.PACKED, Inputs.normal(values.seed("table"), n * k, 1), n, k);
    return values.on("prepared") ? draft.prepared(plain, Use.EMBEDDING) : plain;
  }
}
