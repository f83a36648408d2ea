package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that break one rule each, and one that keeps them all. */
final class BadKernels {
  static int counter;

  private BadKernels() {}

  static void good(KernelContext c, IntArray p, FloatArray x) {
    int i = c.globalIdx;
    float[] shared = c.allocateFloatLocalArray(64);
    shared[c.localIdx] = x.get(i);
    c.localBarrier();
    long far = (long) p.get(0) * 3;
    boolean first = i == 0 && far > 0;
    float value = switch (p.get(1)) {
      case 0 -> 1f;
      case 1 -> Float.POSITIVE_INFINITY;
      default -> TornadoMath.sqrt(shared[0]);
    };
    x.set(i, first ? value : plus(value, Math.max(p.get(2), 0)));
  }

  static float plus(float a, float b) {
    return a + b;
  }

  static void allocatesAnArray(KernelContext c, FloatArray x) {
    float[] own = new float[4];
    own[c.globalIdx] = x.get(0);
    x.set(0, own[1]);
  }

  static void allocatesAnObject(KernelContext c, FloatArray x) {
    x.set(c.globalIdx, new Object() == null ? 0 : 1);
  }

  static void throwsSomething(KernelContext c, FloatArray x) {
    if (x.get(c.globalIdx) < 0) {
      throw null;
    }
  }

  static void catchesSomething(KernelContext c, FloatArray x) {
    try {
      x.set(c.globalIdx, 1);
    } finally {
      x.set(0, 1);
    }
  }

  static void recurs(KernelContext c, IntArray x) {
    x.set(c.globalIdx, even(c.globalIdx));
  }

  private static int even(int n) {
    return n == 0 ? 1 : odd(n - 1);
  }

  private static int odd(int n) {
    return n == 0 ? 0 : even(n - 1);
  }

  static void makesALambda(KernelContext c, IntArray x) {
    Runnable later = () -> x.set(0, 1);
    later.run();
  }

  static void locks(KernelContext c, IntArray x) {
    synchronized (x) {
      x.set(c.globalIdx, 1);
    }
  }

  static void asksForAClass(KernelContext c, IntArray x) {
    if ((Object) x instanceof IntArray) {
      x.set(c.globalIdx, 1);
    }
  }

  static void comparesReferences(KernelContext c, IntArray x, IntArray y) {
    if (x == y) {
      x.set(c.globalIdx, 1);
    }
  }

  static void readsAField(KernelContext c, IntArray x) {
    x.set(c.globalIdx, counter);
  }

  static void writesAField(KernelContext c, IntArray x) {
    counter = x.get(c.globalIdx);
  }

  static void callsTheLibrary(KernelContext c, IntArray x) {
    x.set(c.globalIdx, Integer.bitCount(x.get(0)));
  }

  static void reinterpretsBits(KernelContext c, IntArray p, FloatArray x) {
    x.set(c.globalIdx, Float.intBitsToFloat(p.get(0) + 1));
  }

  static void asksForASize(KernelContext c, IntArray x) {
    x.set(c.globalIdx, x.getSize());
  }

  static void callsMathForDoubles(KernelContext c, FloatArray x) {
    x.set(c.globalIdx, (float) Math.sqrt(x.get(0)));
  }

  static void usesDoubles(KernelContext c, FloatArray x) {
    x.set(c.globalIdx, (float) (x.get(0) * 1.5));
  }

  static void roundsThroughDoubles(KernelContext c, FloatArray x) {
    x.set(c.globalIdx, (float) TornadoMath.sqrt((double) x.get(0)));
  }

  static void hasNan(KernelContext c, FloatArray x) {
    x.set(c.globalIdx, Float.NaN);
  }

  static void hasAString(KernelContext c, IntArray x) {
    x.set(c.globalIdx, "word".length());
  }

  static void handsOnALocalArray(KernelContext c, FloatArray x) {
    float[] shared = c.allocateFloatLocalArray(16);
    shared[c.localIdx] = x.get(0);
    c.localBarrier();
    x.set(c.globalIdx, first(shared));
  }

  private static float first(float[] values) {
    return values[0];
  }

  static void takesAJavaArray(KernelContext c, float[] x) {
    x[c.globalIdx] = 1;
  }

  static void takesAnObject(KernelContext c, String word) {
    sink(c.globalIdx);
  }

  private static void sink(int i) {}

  static float floor(KernelContext c, FloatArray x) {
    return x.get(c.globalIdx);
  }

  static void loopsInParallel(IntArray x) {
    for (@Parallel int i = 0; i < 4; i++) {
      x.set(i, counter);
    }
  }

  static synchronized void waitsForItsClass(KernelContext c, IntArray x) {
    x.set(c.globalIdx, 1);
  }
}
