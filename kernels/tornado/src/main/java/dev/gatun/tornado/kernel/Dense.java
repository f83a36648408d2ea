package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The elementwise operators of every layer over F32 without gaps: small kernels, which are quick to compile and can be vectorised. An item does some neighbouring
 * elements: one on a GPU.
 *
 * <p>Integers: {@code elements for each index of dimension 0, bound of dimension 0, index of the count or −1, elements of an item, first element of a,
 * of b, of y}. Operands: a, b, count, y.
 */
public final class Dense {
  /** {@code a + b}. */
  public static final Kernel ADD = new Kernel("add_f32", (g, id, a) -> g.task(id, Dense::addDense, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.floats(0), a.floats(1), a.ints(2), a.floats(3)));

  /** {@code silu(a) · b}. */
  public static final Kernel SILU_MUL = new Kernel("silu_mul_f32", (g, id, a) -> g.task(id, Dense::siluMulDense, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.floats(0), a.floats(1), a.ints(2), a.floats(3)));

  private Dense() {}

  private static void addDense(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray a, FloatArray b, IntArray counts, FloatArray y) {
    int base = Mark.begin(c, at, p);
    int first = c.globalIdx * p.get(base + 3);
    int end = TornadoMath.min(p.get(base) * Counts.actual(counts, p.get(base + 2), p.get(base + 1)), first + p.get(base + 3));
    int from = p.get(base + 4);
    int other = p.get(base + 5);
    int to = p.get(base + 6);
    for (int i = first; i < end; i++) {
      y.set(to + i, a.get(from + i) + b.get(other + i));
    }
  }

  private static void siluMulDense(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray a, FloatArray b, IntArray counts, FloatArray y) {
    int base = Mark.begin(c, at, p);
    int first = c.globalIdx * p.get(base + 3);
    int end = TornadoMath.min(p.get(base) * Counts.actual(counts, p.get(base + 2), p.get(base + 1)), first + p.get(base + 3));
    int from = p.get(base + 4);
    int other = p.get(base + 5);
    int to = p.get(base + 6);
    for (int i = first; i < end; i++) {
      y.set(to + i, Activations.silu(a.get(from + i)) * b.get(other + i));
    }
  }
}
