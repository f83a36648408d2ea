package dev.gatun.cpu;

import dev.gatun.cpu.op.Lanes;
import dev.gatun.cpu.op.Step;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** Measures how fast all workers together read memory that no cache holds. */
final class ReadBandwidth {
  private static final long BYTES = 512L << 20;
  private static final int CHUNK = 1 << 20;
  private static final int PASSES = 15;
  private static final int WARM_UP = 2;
  private static final long[] NO_CLOCK = {};

  private ReadBandwidth() {}

  /** Bytes per second: the median of some passes over 512 MiB, after those that warm up. A shared machine's best pass is up to twice its median. */
  static double measure(Workers workers, Lanes lanes) {
    CpuMemory memory = new CpuMemory(BYTES);
    try {
      MemorySegment segment = memory.segment();
      long[] sums = new long[workers.count() * 16];
      Step step = new Step() {
        @Override
        public int units() {
          return (int) (BYTES / CHUNK);
        }

        @Override
        public void run(int from, int to, int worker) {
          long start = (long) from * CHUNK;
          long end = (long) to * CHUNK;
          sums[worker * 16] += lanes == Lanes.VECTOR ? Wide.sum(segment, start, end) : sum(segment, start, end);
        }
      };
      Step[] steps = {step};
      double[] rates = new double[PASSES];
      for (int pass = -WARM_UP; pass < PASSES; pass++) {
        long started = System.nanoTime();
        workers.run(steps, NO_CLOCK);
        if (pass >= 0) {
          rates[pass] = BYTES * 1e9 / (System.nanoTime() - started);
        }
      }
      Arrays.sort(rates);
      if (Arrays.stream(sums).sum() != 0) {
        throw new IllegalStateException("fresh memory is not zero");
      }
      return rates[PASSES / 2];
    } finally {
      memory.free();
    }
  }

  private static long sum(MemorySegment segment, long from, long to) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (long at = from; at < to; at += 32) {
      a += segment.get(ValueLayout.JAVA_LONG, at);
      b += segment.get(ValueLayout.JAVA_LONG, at + 8);
      c += segment.get(ValueLayout.JAVA_LONG, at + 16);
      d += segment.get(ValueLayout.JAVA_LONG, at + 24);
    }
    return a + b + c + d;
  }

  /** Loaded only where the Vector API is. */
  private static final class Wide {
    private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;

    static long sum(MemorySegment segment, long from, long to) {
      MemorySegment slice = segment.asSlice(from, to - from);
      int step = SPECIES.vectorByteSize();
      LongVector a = LongVector.zero(SPECIES);
      LongVector b = a;
      LongVector c = a;
      LongVector d = a;
      for (int at = 0; at < (int) slice.byteSize(); at += 4 * step) {
        a = a.add(LongVector.fromMemorySegment(SPECIES, slice, at, ByteOrder.LITTLE_ENDIAN));
        b = b.add(LongVector.fromMemorySegment(SPECIES, slice, at + step, ByteOrder.LITTLE_ENDIAN));
        c = c.add(LongVector.fromMemorySegment(SPECIES, slice, at + 2 * step, ByteOrder.LITTLE_ENDIAN));
        d = d.add(LongVector.fromMemorySegment(SPECIES, slice, at + 3 * step, ByteOrder.LITTLE_ENDIAN));
      }
      return a.add(b).add(c).add(d).reduceLanes(jdk.incubator.vector.VectorOperators.ADD);
    }
  }
}
