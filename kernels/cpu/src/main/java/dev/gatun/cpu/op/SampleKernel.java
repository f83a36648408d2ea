package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.View.INT;

import dev.gatun.Sample;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sample: a unit is a row. Elements are sorted into bins by how far they lie below the largest, and a bin is put in order only when the walk from the
 * likeliest down reaches it; most rows end in the first few.
 */
final class SampleKernel implements OperatorKernel<Sample> {
  private static final int BINS = 1024;
  /** Bins to a factor of e; the last bin takes all that is less likely than the first by e⁻³². */
  private static final float BINS_PER_NAT = 32;

  @Override
  public Decision plan(Sample operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "rows, " + BINS + " bins", workers, scratch(operator.x().size(1)),
        20 * operator.x().shape().elements()));
  }

  /** The weights, the ids and logits by bins, and the bins' ends. */
  private static long scratch(long n) {
    return 3 * Scratch.align(4 * n) + 4L * BINS;
  }

  @Override
  public List<Step> bind(Sample operator, Lanes lanes, Binding binding) {
    Scratch scratch = Scratch.of(binding, 0, scratch(operator.x().size(1)));
    return List.of(new Draws(
        Rows.of(binding, operator.ids(), operator.x(), operator.controls(), operator.seeds(), operator.positions()), binding.view(operator.x()),
        binding.view(operator.controls()), binding.view(operator.seeds()), binding.view(operator.positions()), binding.view(operator.ids()),
        binding.math(), scratch, IntStream.range(0, binding.workers()).mapToObj(w -> new Walk(scratch, w, (int) operator.x().size(1)))
        .toArray(Walk[]::new)));
  }

  private record Draws(Rows rows, View x, View controls, View seeds, View positions, View ids, RowMath math, Scratch scratch, Walk[] walks)
      implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      int n = x.size(1);
      for (int row = from; row < to; row++) {
        float largest = math.max(x.memory(), x.row(row), n);
        float temperature = control(row, 0);
        boolean greedy = !(temperature > 0) || Float.isNaN(largest) || Float.isInfinite(largest);
        int id = greedy ? math.indexOf(x.memory(), x.row(row), n, largest) : draw(row, n, largest, temperature, worker);
        ids.memory().set(INT, ids.offset() + row * ids.strideBytes(0), id);
      }
    }

    private float control(int row, int which) {
      return controls.memory().get(FLOAT, controls.row(row) + 4L * which);
    }

    private int draw(int row, int n, float largest, float temperature, int worker) {
      Walk walk = walks[worker];
      // Bounded, so that the largest stays at weight 1 where the temperature's reciprocal is no finite number.
      weigh(row, n, largest, Math.min(Float.MAX_VALUE, 1 / temperature), walk.weights);
      double sum = walk.sort(x.memory(), x.row(row), n, largest, Math.min(Float.MAX_VALUE, BINS_PER_NAT / temperature));
      float topP = control(row, 1);
      float minP = control(row, 2);
      float topK = control(row, 3);
      int most = topK >= 1 && topK < n ? (int) topK : n;
      if (most < n) {
        sum = 0;
        for (walk.restart(); walk.passed < most;) {
          sum += walk.next();
        }
      }
      if (topP < 1) {
        double wanted = topP * sum;
        walk.restart();
        sum = walk.next();
        while (walk.passed < most && sum < wanted) {
          sum += walk.next();
        }
        most = walk.passed;
      }
      if (minP > 0) {
        walk.restart();
        double first = walk.next();
        sum = first;
        while (walk.passed < most) {
          double weight = walk.next();
          if (weight < minP * first) {
            most = walk.passed - 1;
          } else {
            sum += weight;
          }
        }
      }
      long seed = seeds.row(row);
      double wanted = sum * Philox.uniform(positions.integer(row), seeds.memory().get(INT, seed + 8), seeds.memory().get(INT, seed),
          seeds.memory().get(INT, seed + 4));
      walk.restart();
      double running = walk.next();
      while (walk.passed < most && running <= wanted) {
        running += walk.next();
      }
      return walk.id;
    }

    /** Leaves {@code exp((x − largest) · scale)}. */
    private void weigh(int row, int n, float largest, float scale, long weights) {
      math.exp(x.memory(), x.row(row), largest, scale, scratch.memory(), weights, n);
    }
  }

  /** Goes through a row from the likeliest down; one worker's, used again for each row. */
  private static final class Walk {
    private final MemorySegment memory;
    private final Ranking.Heap heap;
    private final long weights;
    private final long binned;
    private final long values;
    private final long ends;
    private int bin;
    private int sortedBins;
    private int end;
    private int passed;
    private int id;

    Walk(Scratch scratch, int worker, int n) {
      memory = scratch.memory();
      heap = new Ranking.Heap(memory, memory);
      weights = scratch.of(worker);
      binned = weights + Scratch.align(4L * n);
      values = binned + Scratch.align(4L * n);
      ends = values + Scratch.align(4L * n);
    }

    /** Leaves ids and logits by bins, and where each bin ends; the weights' sum. */
    double sort(MemorySegment logits, long at, int n, float largest, float perLogit) {
      sortedBins = 0;
      for (int i = 0; i < BINS; i++) {
        memory.set(INT, ends + 4L * i, 0);
      }
      double sum = 0;
      for (int i = 0; i < n; i++) {
        long counter = ends + 4L * bin(logits.get(FLOAT, at + 4L * i), largest, perLogit);
        memory.set(INT, counter, memory.get(INT, counter) + 1);
        sum += memory.get(FLOAT, weights + 4L * i);
      }
      int begin = 0;
      for (int i = 0; i < BINS; i++) {
        int count = memory.get(INT, ends + 4L * i);
        memory.set(INT, ends + 4L * i, begin);
        begin += count;
      }
      for (int i = 0; i < n; i++) {
        float value = logits.get(FLOAT, at + 4L * i);
        long counter = ends + 4L * bin(value, largest, perLogit);
        int place = memory.get(INT, counter);
        memory.set(INT, counter, place + 1);
        heap.put(values, binned, place, value, i);
      }
      return sum;
    }

    private static int bin(float value, float largest, float perLogit) {
      return Math.min(BINS - 1, (int) ((largest - value) * perLogit));
    }

    void restart() {
      bin = -1;
      end = 0;
      passed = 0;
    }

    /** Passes one more and returns its weight. */
    double next() {
      while (passed == end) {
        end = memory.get(INT, ends + 4L * ++bin);
        if (bin >= sortedBins) {
          sortedBins = bin + 1;
          heap.build(values + 4L * passed, binned + 4L * passed, end - passed);
          heap.sort(values + 4L * passed, binned + 4L * passed, end - passed);
        }
      }
      id = memory.get(INT, binned + 4L * passed++);
      return memory.get(FLOAT, weights + 4L * id);
    }
  }
}
