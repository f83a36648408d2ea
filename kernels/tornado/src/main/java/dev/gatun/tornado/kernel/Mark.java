package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The proof that a kernel ran. Where a launch fails, TornadoVM's drivers print the device's error and carry on as if it had not, so every kernel begins by
 * {@link #begin}, and the host looks for what that leaves. Inlined into kernels.
 */
public final class Mark {
  /** The entry of {@code p} that has the number of the run; launches' numbers come after it, each list after an entry for its mark. */
  public static final int RUN = 0;

  private Mark() {}

  /** Where the launch's own numbers begin in {@code p} and {@code q}. The first work-item copies the run's number to the entry before them. */
  static int begin(KernelContext c, IntArray at, IntArray p) {
    int b = at.get(0);
    if (c.globalIdx == 0) {
      p.set(b - 1, p.get(RUN));
    }
    return b;
  }
}
