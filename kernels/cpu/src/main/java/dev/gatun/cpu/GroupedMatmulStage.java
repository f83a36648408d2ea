package dev.gatun.cpu;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.Tensor;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.Binding;
import dev.gatun.cpu.op.RowMath;
import dev.gatun.cpu.op.Step;
import dev.gatun.cpu.op.View;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A grouped matmul as steps: choices are sorted by expert; activations are made ready; tiles of the weight rows of experts that have been chosen are multiplied with
 * all of their rows; and results go where they belong. A tile is read from memory once in a run.
 *
 * <p>Where experts have a few rows each, every row is multiplied by itself, from where it lies: a tile of weights is in the cache for the second. Where they have
 * more, an expert's rows are gathered and go through a kernel together. Bounds decide between the two, and no row's bits depend on how many others its expert has.
 */
final class GroupedMatmulStage {
  private static final int SMALLEST_TILE = 16;
  private static final int LARGEST_TILE = 256;
  private static final int TILES_PER_WORKER = 8;

  /** Rows of an expert up to which kernels for one row are no slower, measured with AVX-512: more of them pay for setting blocks, or floats, side by side. */
  private static final int ROWS_APART_OF_BLOCKS = 2;
  private static final int ROWS_APART_OF_FLOATS = 4;

  private final GroupedMatmul op;
  private final WeightLayout layout;
  private final MatmulKernel kernel;
  private final boolean apart;
  private final int k;
  private final int n;
  private final int each;
  private final boolean ownRows;
  private final boolean ownProducts;
  private final long rowsAt;
  private final long formAt;
  private final long productsAt;
  private final long scratch;

  GroupedMatmulStage(GroupedMatmul op, WeightLayout layout) {
    this.op = op;
    this.layout = layout;
    long choices = op.chosen().shape().elements();
    int rowsApart = op.w().dtype().isBlock() ? ROWS_APART_OF_BLOCKS : ROWS_APART_OF_FLOATS;
    this.apart = choices <= rowsApart * op.w().size(0) || op.chosen().size(0) == 1;
    this.kernel = layout.kernel(op.w(), apart ? 1 : op.x().size(0));
    this.k = Math.toIntExact(op.w().size(2));
    this.n = Math.toIntExact(op.w().size(1));
    this.each = Math.toIntExact(op.chosen().size(1));
    this.ownRows = !apart || op.x().dtype() != DType.F32;
    this.ownProducts = !apart || op.gates().isPresent() || op.y().dtype() != DType.F32;
    ExpertRows experts = experts(MemorySegment.NULL, 0);
    long rows = !apart ? experts.places() : op.x().shape().rows();
    this.rowsAt = CpuMemory.align(experts.bytes());
    this.formAt = rowsAt + (ownRows ? CpuMemory.align(4 * rows * k) : 0);
    this.productsAt = formAt + CpuMemory.align(rows * kernel.activationBytes(k));
    this.scratch = productsAt + (ownProducts ? CpuMemory.align(4 * (apart ? choices : experts.places()) * n) : 0);
  }

  private ExpertRows experts(MemorySegment memory, long base) {
    return new ExpertRows(Math.toIntExact(op.w().size(0)), Math.toIntExact(op.chosen().shape().elements()), !apart, memory, base);
  }

  long scratchBytes() {
    return scratch;
  }

  String form() {
    return layout.form(op.w(), apart ? 1 : op.x().size(0));
  }

  String told() {
    return apart ? "each row of x by itself" : "the rows of an expert together";
  }

  /** Weight rows of a tile; no result depends on it. */
  int tile(int workers) {
    int side = apart ? 16 : 32;
    long all = op.mostExperts() * n;
    return Math.clamp(Math.ceilDiv(all, TILES_PER_WORKER * workers) + side - 1 & -side, SMALLEST_TILE, LARGEST_TILE);
  }

  List<Step> bind(Binding binding) {
    MemorySegment memory = binding.workspace().memory();
    long base = binding.workspace().base();
    ExpertRows experts = experts(memory, base);
    View x = binding.view(counted(op.x()));
    View chosen = binding.view(counted(op.chosen()));
    View y = binding.view(counted(op.y()));
    List<Step> steps = new ArrayList<>();
    steps.add(new Once(() -> experts.sort(chosen, chosen.count())));
    if (!apart) {
      steps.add(new Gathered(experts, kernel, op.sharesActivations() ? each : 1, x, Dequantizer.of(x.dtype()), k, memory, base + rowsAt, base + formAt));
    } else if (ownRows || kernel.activationBytes(k) > 0) {
      steps.add(new Ready(kernel, x, ownRows, Dequantizer.of(x.dtype()), k, memory, base + rowsAt, base + formAt));
    }
    steps.add(new Tiles(this, experts, binding.view(op.w()), op.bias().map(binding::view), activations(memory, base), x,
        ownProducts ? new Lines(memory, base + productsAt, 4L * n) : null, y, tile(binding.workers())));
    steps.add(new Finish(experts, apart, each, n, memory, base + productsAt, ownProducts, op.gates().map(binding::view), y, Quantizer.of(y.dtype()),
        layout.math()));
    return steps;
  }

  /** With the count of whichever operand has one. */
  private Tensor counted(Tensor tensor) {
    return op.operands().stream().flatMap(operand -> operand.tensor().count().stream()).findFirst().map(tensor::withCount).orElse(tensor);
  }

  /** Rows one after the other. */
  private record Lines(MemorySegment memory, long offset, long rowBytes) {
    long row(int r) {
      return offset + r * rowBytes;
    }
  }

  /** What the kernel reads; empty where that is x itself. */
  private Optional<Lines> activations(MemorySegment memory, long base) {
    if (kernel.activationBytes(k) > 0) {
      return Optional.of(new Lines(memory, base + formAt, kernel.activationBytes(k)));
    }
    return ownRows ? Optional.of(new Lines(memory, base + rowsAt, 4L * k)) : Optional.empty();
  }

  /** The caller's alone. */
  private record Once(Runnable work) implements Step {
    @Override
    public int units() {
      return 1;
    }

    @Override
    public void run(int from, int to, int worker) {
      work.run();
    }
  }

  /** Rows of x, each by itself in the kernel's form. */
  private record Ready(MatmulKernel kernel, View x, boolean own, Dequantizer widen, int k, MemorySegment memory, long rowsAt, long formAt) implements Step {
    @Override
    public int units() {
      return x.rows();
    }

    @Override
    public void run(int from, int to, int worker) {
      long bytes = kernel.activationBytes(k);
      for (int r = from; r < to; r++) {
        if (own) {
          widen.row(x.memory(), x.row(r), memory, rowsAt + 4L * r * k, k);
        }
        if (bytes > 0) {
          kernel.activate(own ? memory : x.memory(), own ? rowsAt + 4L * r * k : x.row(r), 4L * k, 1, k, memory, formAt + r * bytes, 0, 1);
        }
      }
    }
  }

  /** The rows of each expert, one after the other. A unit is a chunk of one expert's. */
  private record Gathered(ExpertRows experts, MatmulKernel kernel, int sharing, View x, Dequantizer widen, int k, MemorySegment memory, long rowsAt,
      long formAt) implements Step {
    @Override
    public int units() {
      return experts.chunks();
    }

    @Override
    public void run(int from, int to, int worker) {
      long bytes = kernel.activationBytes(k);
      for (int chunk = from; chunk < to; chunk++) {
        int u = experts.ofChunk(chunk);
        int first = experts.first(u);
        int m0 = (chunk - experts.firstChunk(u)) * ExpertRows.CHUNK;
        int m1 = Math.min(experts.wide(u), m0 + ExpertRows.CHUNK);
        for (int m = m0; m < m1; m++) {
          widen.row(x.memory(), x.row(experts.choice(first + m) / sharing), memory, rowsAt + 4L * (first + m) * k, k);
        }
        if (bytes > 0) {
          kernel.activate(memory, rowsAt + 4L * first * k, 4L * k, experts.wide(u), k, memory, formAt + first * bytes, m0, m1);
        }
      }
    }
  }

  /** Tiles of weight rows of experts that have rows of activations. */
  private static final class Tiles implements Step {
    private final GroupedMatmulStage stage;
    private final ExpertRows experts;
    private final View w;
    private final Optional<View> bias;
    private final Optional<Lines> act;
    private final View x;
    private final Lines products;
    private final View y;
    private final int tile;
    private final int tiles;

    Tiles(GroupedMatmulStage stage, ExpertRows experts, View w, Optional<View> bias, Optional<Lines> act, View x, Lines products, View y, int tile) {
      this.stage = stage;
      this.experts = experts;
      this.w = w;
      this.bias = bias;
      this.act = act;
      this.x = x;
      this.products = products;
      this.y = y;
      this.tile = tile;
      this.tiles = Math.ceilDiv(stage.n, tile);
    }

    @Override
    public int units() {
      return experts.used() * tiles;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int unit = from; unit < to; unit++) {
        int u = unit / tiles;
        int n0 = unit % tiles * tile;
        int n1 = Math.min(stage.n, n0 + tile);
        if (stage.apart) {
          apart(u, n0, n1);
        } else {
          together(u, n0, n1);
        }
      }
    }

    private void apart(int u, int n0, int n1) {
      for (int i = 0; i < experts.rows(u); i++) {
        int choice = experts.choice(experts.first(u) + i);
        int row = stage.op.sharesActivations() ? choice / stage.each : choice;
        MemorySegment from = act.isPresent() ? act.get().memory : x.memory();
        MemorySegment to = products == null ? y.memory() : products.memory;
        multiply(u, from, act.isPresent() ? act.get().row(row) : x.row(row), 0, 1, n0, n1, to, products == null ? y.row(choice) : products.row(choice), 0);
      }
    }

    private void together(int u, int n0, int n1) {
      Lines rows = act.orElseThrow();
      int first = experts.first(u);
      multiply(u, rows.memory, rows.row(first), rows.rowBytes, experts.wide(u), n0, n1, products.memory, products.row(first), products.rowBytes);
    }

    private void multiply(int u, MemorySegment from, long at, long rowBytes, int rows, int n0, int n1, MemorySegment to, long toOffset, long toRowBytes) {
      int e = experts.expert(u);
      stage.kernel.multiply(from, at, rowBytes, rows, w.memory(), w.offset() + e * w.strideBytes(0), w.strideBytes(1), stage.k, n0, n1, to, toOffset,
          toRowBytes);
      if (bias.isPresent()) {
        View b = bias.get();
        long of = b.row(e);
        for (int r = 0; r < rows; r++) {
          for (int i = n0; i < n1; i++) {
            long there = toOffset + r * toRowBytes + 4L * i;
            to.set(View.FLOAT, there, to.get(View.FLOAT, there) + b.memory().get(View.FLOAT, of + 4L * i));
          }
        }
      }
    }
  }

  /** Results to where they belong: added up where there are gates, rounded, and NaN where no such expert is. A unit is a token. */
  private record Finish(ExpertRows experts, boolean apart, int each, int n, MemorySegment memory, long productsAt, boolean own, Optional<View> gates, View y,
      Quantizer narrow, RowMath math) implements Step {
    @Override
    public int units() {
      return y.count();
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int t = from; t < to; t++) {
        if (gates.isPresent()) {
          sum(t);
        } else {
          for (int j = 0; j < each; j++) {
            move(t * each + j);
          }
        }
      }
    }

    private long product(int choice) {
      return productsAt + 4L * n * (apart ? choice : experts.place(choice));
    }

    private void move(int choice) {
      if (experts.place(choice) < 0) {
        nan(y.row(choice));
      } else if (own) {
        narrow.row(memory, product(choice), y.memory(), y.row(choice), n);
      }
    }

    /** Adds up over the first product, which nobody reads again. */
    private void sum(int t) {
      View g = gates.orElseThrow();
      for (int j = 0; j < each; j++) {
        if (experts.place(t * each + j) < 0) {
          nan(y.row(t));
          return;
        }
      }
      long sum = product(t * each);
      math.scale(memory, sum, g.memory().get(View.FLOAT, g.row(t)), memory, sum, n);
      for (int j = 1; j < each; j++) {
        math.accumulate(g.memory(), g.row(t) + 4L * j, 0, 1, 1, memory, product(t * each + j), 0, memory, sum, 0, n);
      }
      narrow.row(memory, sum, y.memory(), y.row(t), n);
    }

    private void nan(long at) {
      for (int i = 0; i < n; i++) {
        switch (y.dtype()) {
          case F32 -> y.memory().set(View.FLOAT, at + 4L * i, Float.NaN);
          case F16 -> y.memory().set(View.SHORT, at + 2L * i, (short) 0x7E00);
          default -> y.memory().set(View.SHORT, at + 2L * i, (short) 0x7FC0);
        }
      }
    }
  }
}
