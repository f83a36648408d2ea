package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Reductions over a work-group, which all its items enter. Inlined into kernels. */
final class Groups {
  /** The most items of a group: elements of the local arrays that reductions take. */
  static final int MOST_LOCAL = 256;

  private Groups() {}

  /** Adds up what every item brings. */
  static float sum(KernelContext c, float[] local, float mine) {
    int item = c.localIdx;
    local[item] = mine;
    c.localBarrier();
    for (int half = c.localGroupSizeX / 2; half > 0; half = half / 2) {
      if (item < half) {
        local[item] += local[item + half];
      }
      c.localBarrier();
    }
    float all = local[0];
    c.localBarrier();
    return all;
  }

  /** The largest of what every item brings; none is NaN. */
  static float max(KernelContext c, float[] local, float mine) {
    int item = c.localIdx;
    local[item] = mine;
    c.localBarrier();
    for (int half = c.localGroupSizeX / 2; half > 0; half = half / 2) {
      if (item < half) {
        local[item] = TornadoMath.max(local[item], local[item + half]);
      }
      c.localBarrier();
    }
    float all = local[0];
    c.localBarrier();
    return all;
  }
}
