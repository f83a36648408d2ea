package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sample: a work-group for each row, without sorting it. Whatever top_k, top_p and min_p leave, and what comes before the drawn id, is a prefix of the row in order: all
 * logits above some value, and of those that equal it the ones with the lowest ids. Each such value is found by halving the range of values, with a sum over the row
 * for each half.
 */
public final class Draws {
  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = 5 * MOST_LOCAL * Float.BYTES;

  /**
   * {@code n (elements of a row), bound of rows, index of the count or −1, first element and stride of x, of the controls, of the seeds, index of the positions, of the
   * ids, of the weights (n for each row, scratch), 4}. Operands: x, controls, seeds, positions, count, weights, ids.
   */
  public static final Kernel SAMPLE = new Kernel("sample", LOCAL_BYTES, (g, id, a) -> g.task(id, Draws::sample, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.floats(1), a.ints(2), a.ints(3), a.ints(4), a.floats(5), a.ints(6)));

  /** Searches: for what top_k, top_p and min_p leave, and for the id. */
  public static final int STAGES = 4;

  /** Halvings of a range of values: enough for logits of any model; each ends at an element of the row. */
  private static final int STEPS = 64;

  private static final int TOP_K = 0;
  private static final int TOP_P = 1;
  private static final int MIN_P = 2;

  private Draws() {}

  private static void sample(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, FloatArray controls, IntArray seeds,
      IntArray positions, IntArray counts, FloatArray weights, IntArray ids) {
    int b = Mark.begin(c, at, p);
    int rows = Counts.actual(counts, p.get(b + 2), p.get(b + 1));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    float[] localA = c.allocateFloatLocalArray(MOST_LOCAL);
    float[] localB = c.allocateFloatLocalArray(MOST_LOCAL);
    float[] localC = c.allocateFloatLocalArray(MOST_LOCAL);
    int[] localD = c.allocateIntLocalArray(MOST_LOCAL);
    int[] localE = c.allocateIntLocalArray(MOST_LOCAL);
    int n = 0;
    int actualRow = 0;
    if (row < rows) {
      n = p.get(b);
      actualRow = row;
    }
    int from = p.get(b + 3) + actualRow * p.get(b + 4);
    int control = p.get(b + 5) + actualRow * p.get(b + 6);
    int seed = p.get(b + 7) + actualRow * p.get(b + 8);
    int weight = p.get(b + 11) + actualRow * p.get(b);

    float found = -powers.get(255);
    int index = Largest.NONE;
    int nan = Largest.NONE;
    for (int i = item; i < n; i += items) {
      float value = x.get(from + i);
      if (value != value) {
        nan = TornadoMath.min(nan, i);
      } else {
        index = Largest.first(found, index, value, i);
        found = TornadoMath.max(found, value);
      }
    }
    localA[item] = found;
    localD[item] = index;
    localE[item] = nan;
    c.localBarrier();
    // Every item goes through what all have brought: fewer barriers than halving, of which PoCL's compiler makes whole regions.
    float largest = -powers.get(255);
    int answer = Largest.NONE;
    nan = Largest.NONE;
    for (int i = 0; i < items; i++) {
      float value = localA[i];
      answer = Largest.first(largest, answer, value, localD[i]);
      largest = TornadoMath.max(largest, value);
      nan = TornadoMath.min(nan, localE[i]);
    }
    if (nan < Largest.NONE) {
      answer = nan;
    }
    // A draw goes through the row's elements, a choice of the largest through none.
    int drawn = 0;
    float temperature = controls.get(control);
    if (temperature > 0) {
      drawn = n;
    }
    if (nan < Largest.NONE) {
      drawn = 0;
    }
    if (TornadoMath.abs(largest) > Float.MAX_VALUE) {
      drawn = 0;
    }
    c.localBarrier();

    // Bounded, so that the largest stays at weight 1 where the temperature's reciprocal is no finite number.
    float scale = TornadoMath.min(Float.MAX_VALUE, 1f / temperature);
    float mass = 0;
    float lowest = powers.get(255);
    int finite = 0;
    for (int i = item; i < drawn; i += items) {
      float value = x.get(from + i);
      float share = TornadoMath.exp((value - largest) * scale);
      weights.set(weight + i, share);
      mass += share;
      if (value >= -Float.MAX_VALUE) {
        lowest = TornadoMath.min(lowest, value);
        finite += 1;
      }
    }
    localA[item] = mass;
    localB[item] = lowest;
    localD[item] = finite;
    c.localBarrier();
    // The prefix so far: how much, down to which value, how many.
    float sum = 0;
    float least = powers.get(255);
    int kept = 0;
    for (int i = 0; i < items; i++) {
      sum += localA[i];
      least = TornadoMath.min(least, localB[i]);
      kept += localD[i];
    }
    int ties = 0;
    c.localBarrier();

    float topP = controls.get(control + 1);
    float minP = controls.get(control + 2);
    float topK = controls.get(control + 3);
    float uniform = Philox.uniform(positions.get(p.get(b + 9) + actualRow), seeds.get(seed + 2), seeds.get(seed), seeds.get(seed + 1));
    // As many as a number in memory says: TornadoVM would write a loop of four out, and PoCL would not come to an end with its barriers.
    int stages = p.get(b + 12);
    for (int stage = TOP_K; stage < stages; stage++) {
      // The value sought is in [low, high]; what lies above high is known. A search that is not asked for ends at once.
      float low = least;
      float high = least;
      float target = 0;
      if (stage == TOP_K) {
        if (topK >= 1) {
          if (topK < kept) {
            high = largest;
            target = (int) topK - 0.5f;
          }
        }
      } else if (stage == TOP_P) {
        if (topP < 1) {
          high = largest;
          // A little less, so that a prefix of just this much is enough.
          target = topP * sum * (1f - 0x1p-23f);
        }
      } else if (stage == MIN_P) {
        if (minP > TornadoMath.exp((least - largest) * scale)) {
          high = largest;
        }
      } else {
        high = largest;
        target = uniform * sum;
      }
      float above = 0;
      float aboveLeast = largest;
      int aboveCount = 0;
      int lowCount = kept;
      for (int step = 0; step < STEPS; step++) {
        // The steps left when it is found go through nothing.
        int end = 0;
        if (low < high) {
          end = drawn;
        }
        float middle = 0.5f * low + 0.5f * high;
        if (middle <= low) {
          middle = high;
        }
        mass = 0;
        float next = powers.get(255);
        float before = -powers.get(255);
        int count = 0;
        for (int i = item; i < end; i += items) {
          float value = x.get(from + i);
          if (value >= middle) {
            mass += weights.get(weight + i);
            count += 1;
            next = TornadoMath.min(next, value);
          } else {
            before = TornadoMath.max(before, value);
          }
        }
        localA[item] = mass;
        localB[item] = next;
        localC[item] = before;
        localD[item] = count;
        c.localBarrier();
        mass = 0;
        next = powers.get(255);
        before = -powers.get(255);
        count = 0;
        for (int i = 0; i < items; i++) {
          mass += localA[i];
          next = TornadoMath.min(next, localB[i]);
          before = TornadoMath.max(before, localC[i]);
          count += localD[i];
        }
        c.localBarrier();
        float measure = mass;
        if (stage == TOP_K) {
          measure = count;
        }
        if (stage == MIN_P) {
          measure = minP - TornadoMath.exp((next - largest) * scale);
        }
        if (low < high) {
          if (measure > target) {
            low = next;
            lowCount = count;
          } else {
            high = before;
            above = mass;
            aboveCount = count;
            aboveLeast = next;
          }
        }
      }
      float each = TornadoMath.exp((low - largest) * scale);
      int most = lowCount - aboveCount;
      float wanted = TornadoMath.min((float) most, TornadoMath.max(0f, (target - above) / TornadoMath.max(each, powers.get(1))));
      if (stage == TOP_K) {
        if (topK >= 1) {
          if (topK < kept) {
            ties = TornadoMath.min(most, (int) topK - aboveCount);
            least = low;
            kept = aboveCount + ties;
            sum = above + ties * each;
          }
        }
      } else if (stage == TOP_P) {
        if (topP < 1) {
          ties = (int) wanted;
          if (wanted > ties) {
            ties = ties + 1;
          }
          ties = TornadoMath.max(1, ties);
          least = low;
          kept = aboveCount + ties;
          sum = above + ties * each;
        }
      } else if (stage == MIN_P) {
        if (minP > TornadoMath.exp((least - largest) * scale)) {
          // At least the first stays.
          least = aboveLeast;
          kept = TornadoMath.max(1, aboveCount);
          sum = TornadoMath.max(1f, above);
        }
      } else {
        ties = TornadoMath.min(most, (int) wanted + 1);
        least = low;
      }
    }

    // The id is that of the element that comes as number `ties` among those of the value; every item looks at a stretch of the row.
    int stretch = (drawn + items - 1) / items;
    int first = TornadoMath.min(drawn, item * stretch);
    int end = TornadoMath.min(drawn, first + stretch);
    int count = 0;
    for (int i = first; i < end; i++) {
      if (x.get(from + i) == least) {
        count += 1;
      }
    }
    localD[item] = count;
    c.localBarrier();
    int passed = 0;
    for (int i = 0; i < item; i++) {
      passed += localD[i];
    }
    for (int i = first; i < end; i++) {
      if (x.get(from + i) == least) {
        passed += 1;
        if (passed == ties) {
          ids.set(p.get(b + 10) + row, i);
        }
      }
    }
    if (item == 0) {
      if (row < rows) {
        if (drawn == 0) {
          ids.set(p.get(b + 10) + row, answer);
        }
      }
    }
  }
}
