package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import dev.gatun.cpu.op.Lanes;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Another order of a weight type's bytes, of the same size, that one kernel reads faster than the stored one. */
public interface Repack {
  /** The faster order for rows of {@code k} weights of a type, where there is one. */
  static Optional<Repack> of(DType type, int k, Lanes lanes) {
    boolean pays = type == DType.Q4_0 && lanes == Lanes.VECTOR && k > 0 && k % Strips4.GROUP == 0;
    return pays ? Optional.of(VectorKernels.strips4()) : Optional.empty();
  }

  /** Bytes of a repacked row of k weights. */
  long rowBytes(int k);

  /**
   * Rewrites rows [n0, n1); different rows may be rewritten by different threads.
   *
   * @param w stored rows; row n starts at byte {@code wOffset + n·wRowBytes}
   * @param to receives row n at byte {@code toOffset + n·rowBytes(k)}; must not overlap {@code w}
   */
  void rewrite(MemorySegment w, long wOffset, long wRowBytes, int k, MemorySegment to, long toOffset, int n0, int n1);

  /** The kernel that reads the rewritten rows. */
  MatmulKernel kernel();
}
