package dev.gatun.cpu;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Explanation;
import dev.gatun.GeluMul;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.Binding;
import dev.gatun.cpu.op.CpuPlan;
import dev.gatun.cpu.op.RowMath;
import dev.gatun.cpu.op.Step;
import dev.gatun.cpu.op.View;
import dev.gatun.spi.Fusion;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Matmuls over the same activations, with the norm before and the unit after, as two steps: the activations are made ready row by row; then tiles of
 * weight rows are multiplied, and whatever follows is done to a tile while it is in the cache.
 */
final class MatmulStage {
  private static final int SMALLEST_TILE = 16;
  private static final int LARGEST_TILE = 256;
  private static final int TILES_PER_WORKER = 8;

  /**
   * Weight rows of a tile: enough of them that what is done once for a tile does not count, few enough that no worker waits long for the last one. No
   * result depends on it.
   */
  static int tile(Matmul matmul, int workers) {
    // Many rows of x meet as many rows of w as a kernel takes side by side, at most 32. Whole vectors keep the bits of what follows from depending on tiles.
    int side = matmul.x().size(0) == 1 ? 16 : 32;
    return Math.clamp(Math.ceilDiv(matmul.w().size(0), TILES_PER_WORKER * workers) + side - 1 & -side, SMALLEST_TILE, LARGEST_TILE);
  }

  private final Fusion.Matmuls group;
  private final WeightLayout layout;
  private final int k;
  private final int rows;
  private final List<MatmulKernel> kernels;
  private final Map<String, Long> forms = new LinkedHashMap<>();
  private final boolean ownRows;
  private final long[] productsAt;
  private final long[] partsAt;
  private final long scratch;

  private MatmulStage(Fusion.Matmuls group, WeightLayout layout) {
    this.group = group;
    this.layout = layout;
    Matmul first = group.matmuls().getFirst();
    this.k = Math.toIntExact(first.x().size(1));
    this.rows = Math.toIntExact(first.x().size(0));
    this.kernels = group.matmuls().stream().map(m -> layout.kernel(m)).toList();
    this.ownRows = group.norm().map(norm -> !group.keepNorm()).orElse(first.x().dtype() != DType.F32);
    long at = ownRows ? CpuMemory.align(4L * k * rows) : 0;
    for (MatmulKernel kernel : kernels) {
      if (kernel.activationBytes(k) > 0 && !forms.containsKey(kernel.activationForm())) {
        forms.put(kernel.activationForm(), at);
        at = CpuMemory.align(at + kernel.activationBytes(k) * rows);
      }
    }
    this.productsAt = new long[kernels.size()];
    this.partsAt = new long[kernels.size()];
    for (int i = 0; i < productsAt.length; i++) {
      Tensor y = group.matmuls().get(i).y();
      long bytes = CpuMemory.align(4 * y.shape().elements());
      productsAt[i] = y.dtype() == DType.F32 ? -1 : at;
      at += y.dtype() == DType.F32 ? 0 : bytes;
      partsAt[i] = at;
      at += group.matmuls().get(i).scale().isPresent() ? bytes : 0;
    }
    this.scratch = at;
  }

  static long scratchBytes(Fusion.Matmuls group, WeightLayout layout) {
    return new MatmulStage(group, layout).scratch;
  }

  static CpuExecutable.Stage bind(Fusion.Matmuls group, WeightLayout layout, Binding binding) {
    return new MatmulStage(group, layout).bind(binding);
  }

  private CpuExecutable.Stage bind(Binding binding) {
    MemorySegment memory = binding.workspace().memory();
    long base = binding.workspace().base();
    View x = binding.view(counted(group.norm().map(RmsNorm::x).orElseGet(() -> group.matmuls().getFirst().x())));
    Floats ready = ready(binding, x, memory, base);
    List<Step> steps = new ArrayList<>();
    if (k > 0 && (group.norm().isPresent() || ownRows || !forms.isEmpty())) {
      steps.add(activations(binding, x, ready, memory, base));
    }
    steps.add(tiles(binding, x, ready, memory, base));
    return new CpuExecutable.Stage(() -> explain(binding.workers()), steps);
  }

  /** The rows that go in, with the count of whichever operand has one. */
  private Tensor counted(Tensor x) {
    return group.operators().stream().flatMap(operator -> Fusion.count(operator).stream()).findFirst().map(x::withCount).orElse(x);
  }

  /** Rows of floats. */
  private record Floats(MemorySegment memory, long offset, long rowBytes) {
    long row(int r) {
      return offset + r * rowBytes;
    }

    static Floats of(View view) {
      return new Floats(view.memory(), view.offset(), view.strideBytes(0));
    }
  }

  private Floats ready(Binding binding, View x, MemorySegment memory, long base) {
    if (ownRows) {
      return new Floats(memory, base, 4L * k);
    }
    return Floats.of(group.norm().map(norm -> binding.view(norm.y())).orElse(x));
  }

  private Step activations(Binding binding, View x, Floats ready, MemorySegment memory, long base) {
    Optional<RmsNorm> norm = group.norm();
    Optional<View> weight = norm.map(n -> binding.view(n.weight()));
    RowMath math = binding.math();
    Dequantizer widen = Dequantizer.of(x.dtype());
    List<MatmulKernel> distinct = new ArrayList<>();
    for (MatmulKernel kernel : kernels) {
      if (forms.containsKey(kernel.activationForm()) && distinct.stream().noneMatch(d -> d.activationForm().equals(kernel.activationForm()))) {
        distinct.add(kernel);
      }
    }
    MatmulKernel[] activating = distinct.toArray(MatmulKernel[]::new);
    long[] at = distinct.stream().mapToLong(kernel -> base + forms.get(kernel.activationForm())).toArray();
    return new Step() {
      @Override
      public int units() {
        return x.count();
      }

      /** Rows may lie side by side in what is made of them: as many as fill a cache line are one worker's. */
      @Override
      public int chunk() {
        return activating.length > 0 ? 16 : 1;
      }

      @Override
      public void run(int from, int to, int worker) {
        if (norm.isPresent()) {
          View w = weight.get();
          math.rmsNormRows(x.memory(), x.row(from), x.strideBytes(0), w.memory(), w.offset(), norm.get().eps(), ready.memory(), ready.row(from),
              ready.rowBytes(), to - from, k);
        } else if (ownRows) {
          for (int r = from; r < to; r++) {
            widen.row(x.memory(), x.row(r), ready.memory(), ready.row(r), k);
          }
        }
        for (int i = 0; i < activating.length; i++) {
          activating[i].activate(ready.memory(), ready.offset(), ready.rowBytes(), x.count(), k, memory, at[i], from, to);
        }
      }
    };
  }

  private Step tiles(Binding binding, View x, Floats ready, MemorySegment memory, long base) {
    int count = group.gate().isPresent() ? 1 : kernels.size();
    int[] tile = new int[count];
    int[] firstTile = new int[count + 1];
    for (int i = 0; i < count; i++) {
      int n = Math.toIntExact(group.matmuls().get(i).w().size(0));
      tile[i] = tile(group.matmuls().get(i), binding.workers());
      firstTile[i + 1] = firstTile[i] + Math.ceilDiv(n, tile[i]);
    }
    Product[] products = new Product[kernels.size()];
    for (int i = 0; i < products.length; i++) {
      products[i] = product(i, binding, ready, memory, base);
    }
    Optional<Finish> finish = group.gate().map(gate -> finish(gate, binding));
    return new Step() {
      @Override
      public int units() {
        return x.count() == 0 ? 0 : firstTile[count];
      }

      @Override
      public void run(int from, int to, int worker) {
        int m = x.count();
        for (int unit = from; unit < to; unit++) {
          int i = 0;
          while (unit >= firstTile[i + 1]) {
            i++;
          }
          int n0 = (unit - firstTile[i]) * tile[i];
          int n1 = Math.min(products[i].n(), n0 + tile[i]);
          if (finish.isEmpty()) {
            products[i].compute(m, n0, n1);
          } else {
            for (Product product : products) {
              product.compute(m, n0, n1);
            }
            finish.get().apply(m, n0, n1);
          }
        }
      }
    };
  }

  private Product product(int i, Binding binding, Floats ready, MemorySegment memory, long base) {
    Matmul matmul = group.matmuls().get(i);
    MatmulKernel kernel = kernels.get(i);
    View y = binding.view(matmul.y());
    Floats act = kernel.activationBytes(k) == 0 ? ready
        : new Floats(memory, base + forms.get(kernel.activationForm()), kernel.activationBytes(k));
    Floats result = productsAt[i] < 0 ? Floats.of(y) : new Floats(memory, base + productsAt[i], 4 * matmul.y().size(1));
    Optional<Quantizer> narrow = productsAt[i] < 0 ? Optional.empty() : Optional.of(Quantizer.of(y.dtype()));
    Floats parts = new Floats(memory, base + partsAt[i], 4 * matmul.y().size(1));
    Optional<WeightScale> scale = matmul.scale().map(s -> new WeightScale(binding.view(s), s.shape().rank() == 2, parts.memory, parts.offset, parts.rowBytes));
    return new Product(kernel, act, binding.view(matmul.w()), k, scale, matmul.bias().map(binding::view), result, narrow, y);
  }

  /** One matmul, a tile at a time. */
  private record Product(MatmulKernel kernel, Floats act, View w, int k, Optional<WeightScale> scale, Optional<View> bias, Floats result, Optional<Quantizer> narrow, View y) {
    int n() {
      return w.size(0);
    }

    void compute(int m, int n0, int n1) {
      if (k == 0) {
        zero(m, n0, n1);
      } else if (scale.isPresent()) {
        scale.get().multiply(kernel, act.memory, act.offset, act.rowBytes, m, w, k, n0, n1, result.memory, result.offset, result.rowBytes);
      } else {
        multiply(m, n0, n1);
      }
      if (bias.isPresent()) {
        addBias(bias.get(), m, n0, n1);
      }
      if (narrow.isPresent()) {
        for (int r = 0; r < m; r++) {
          narrow.get().row(result.memory, result.row(r) + 4L * n0, y.memory(), y.row(r) + 2L * n0, n1 - n0);
        }
      }
    }

    private void multiply(int m, int n0, int n1) {
      kernel.multiply(act.memory, act.offset, act.rowBytes, m, w.memory(), w.offset(), w.strideBytes(0), k, n0, n1, result.memory, result.offset,
          result.rowBytes);
    }

    private void addBias(View b, int m, int n0, int n1) {
      for (int r = 0; r < m; r++) {
        for (int n = n0; n < n1; n++) {
          long at = result.row(r) + 4L * n;
          result.memory.set(View.FLOAT, at, result.memory.get(View.FLOAT, at) + b.memory().get(View.FLOAT, b.offset() + 4L * n));
        }
      }
    }

    /** The empty sum. */
    private void zero(int m, int n0, int n1) {
      for (int r = 0; r < m; r++) {
        for (int n = n0; n < n1; n++) {
          result.memory.set(View.FLOAT, result.row(r) + 4L * n, 0f);
        }
      }
    }
  }

  /** What is done to a tile's columns once they are there. */
  private interface Finish {
    void apply(int m, int n0, int n1);
  }

  private Finish finish(Operator operator, Binding binding) {
    RowMath math = binding.math();
    return switch (operator) {
      case SiluMul unit -> {
        Floats gate = Floats.of(binding.view(unit.gate()));
        Floats up = Floats.of(binding.view(unit.up()));
        Floats y = Floats.of(binding.view(unit.y()));
        yield (m, n0, n1) -> math.siluMulRows(gate.memory, gate.offset + 4L * n0, gate.rowBytes, up.memory, up.offset + 4L * n0, up.rowBytes, y.memory,
            y.offset + 4L * n0, y.rowBytes, m, n1 - n0);
      }
      case GeluMul unit -> {
        Floats gate = Floats.of(binding.view(unit.gate()));
        Floats up = Floats.of(binding.view(unit.up()));
        Floats y = Floats.of(binding.view(unit.y()));
        yield (m, n0, n1) -> {
          for (int r = 0; r < m; r++) {
            long at = 4L * n0;
            math.geluMul(unit.form(), gate.memory, gate.row(r) + at, up.memory, up.row(r) + at, y.memory, y.row(r) + at, gate.memory,
                gate.row(r) + at, n1 - n0);
          }
        };
      }
      case Add add -> {
        Floats a = Floats.of(binding.view(add.a()));
        Floats b = Floats.of(binding.view(add.b()));
        Floats y = Floats.of(binding.view(add.y()));
        yield (m, n0, n1) -> math.addRows(a.memory, a.offset + 4L * n0, a.rowBytes, b.memory, b.offset + 4L * n0, b.rowBytes, y.memory,
            y.offset + 4L * n0, y.rowBytes, m, n1 - n0);
      }
      default -> throw new IllegalStateException("no fused form of " + operator.name());
    };
  }

  private Explanation.Step explain(int workers) {
    List<String> sources = group.operators().stream().map(operator -> operator.toCase().line()).toList();
    long bytes = 0;
    long flops = 0;
    Set<Storage> inside = new HashSet<>(group.elided());
    group.gate().ifPresent(gate -> group.matmuls().forEach(m -> inside.add(m.y().storage())));
    Set<Tensor> counted = new HashSet<>();
    for (Operator operator : group.operators()) {
      for (Operator.Operand operand : operator.operands()) {
        boolean again = counted.stream().anyMatch(operand.tensor()::isSameView);
        if (!again && !inside.contains(operand.tensor().storage())) {
          bytes += CpuPlan.bytes(operand.tensor());
          counted.add(operand.tensor());
        }
      }
      flops += operator instanceof Matmul m ? 2 * m.x().size(0) * m.w().shape().elements() : 0;
    }
    List<String> rejected = new ArrayList<>(group.rejected());
    group.matmuls().forEach(m -> rejected.addAll(layout.rejected(m.w())));
    String kernel = Fusion.name(group) + "_" + distinct(m -> WeightLayout.label(m.w())) + "_" + distinct(layout::form);
    return new Explanation.Step(sources, kernel, tile(group.matmuls().getFirst(), workers) + " rows of w", bytes, flops, 0,
        rejected.stream().distinct().toList());
  }

  /** What is told of the products, each thing once. */
  private String distinct(Function<Matmul, String> told) {
    return group.matmuls().stream().map(told).distinct().collect(Collectors.joining(","));
  }
}
