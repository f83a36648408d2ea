package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Elements of y from those at the same place: an item for each, rows strided, of any types.
 *
 * <p>Integers: {@code n (elements of a row), elements for each index of dimension 0, bound of dimension 0, index of the count or −1, form, type of a, rows of a (6),
 * type of y, rows of y (6)}, and of two operands {@code type of b, rows of b (6)}. Operands: a, b if there is one, y, count.
 */
public final class Elementwise {
  /** {@code a + b}. */
  public static final Kernel ADD = new Kernel("add", (g, id, a) -> g.task(id, Elementwise::add, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.ints(3)));

  /** {@code a · b}. */
  public static final Kernel MUL = new Kernel("mul", (g, id, a) -> g.task(id, Elementwise::mul, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.ints(3)));

  /** {@code silu(a) · b}. */
  public static final Kernel SILU_MUL = new Kernel("silu_mul", (g, id, a) -> g.task(id, Elementwise::siluMul, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.ints(3)));

  /** {@code gelu(a) · b}; the form is 0 for the error function, 1 for tanh. */
  public static final Kernel GELU_MUL = new Kernel("gelu_mul", (g, id, a) -> g.task(id, Elementwise::geluMul, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.ints(3)));

  /** {@code gelu(a)}; the form is 0 for the error function, 1 for tanh. */
  public static final Kernel GELU = new Kernel("gelu", (g, id, a) -> g.task(id, Elementwise::gelu, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** {@code q(0) · a}. */
  public static final Kernel SCALE = new Kernel("scale", (g, id, a) -> g.task(id, Elementwise::scale, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** {@code q(0) · tanh(a / q(0))}. */
  public static final Kernel SOFTCAP = new Kernel("softcap", (g, id, a) -> g.task(id, Elementwise::softcap, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.ints(2)));

  private static final int FORM = 4;
  private static final int A = 5;
  private static final int Y = A + 1 + Rows.INTEGERS;
  private static final int B = Y + 1 + Rows.INTEGERS;

  private Elementwise() {}

  private static int elements(IntArray p, int base, IntArray counts) {
    return p.get(base + 1) * Counts.actual(counts, p.get(base + 3), p.get(base + 2));
  }

  private static float get(IntArray p, int base, int which, FloatArray floats, ShortArray shorts, FloatArray powers, int i) {
    int n = p.get(base);
    int row = i / n;
    return Elements.get(p.get(base + which), floats, shorts, powers, Rows.at(p, base + which + 1, row) + i - row * n);
  }

  private static void set(IntArray p, int base, FloatArray floats, ShortArray shorts, FloatArray powers, int i, float value) {
    int n = p.get(base);
    int row = i / n;
    Elements.set(p.get(base + Y), floats, shorts, powers, Rows.at(p, base + Y + 1, row) + i - row * n, value);
  }

  private static void add(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray b, ShortArray bs,
      FloatArray y, ShortArray ys, IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      set(p, base, y, ys, powers, i, get(p, base, A, a, as, powers, i) + get(p, base, B, b, bs, powers, i));
    }
  }

  private static void mul(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray b, ShortArray bs,
      FloatArray y, ShortArray ys, IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      set(p, base, y, ys, powers, i, get(p, base, A, a, as, powers, i) * get(p, base, B, b, bs, powers, i));
    }
  }

  private static void siluMul(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray b, ShortArray bs,
      FloatArray y, ShortArray ys, IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      set(p, base, y, ys, powers, i, Activations.silu(get(p, base, A, a, as, powers, i)) * get(p, base, B, b, bs, powers, i));
    }
  }

  private static void geluMul(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray b, ShortArray bs,
      FloatArray y, ShortArray ys, IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      float gate = Activations.gelu(p.get(base + FORM), get(p, base, A, a, as, powers, i));
      set(p, base, y, ys, powers, i, gate * get(p, base, B, b, bs, powers, i));
    }
  }

  private static void gelu(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray y, ShortArray ys,
      IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      set(p, base, y, ys, powers, i, Activations.gelu(p.get(base + FORM), get(p, base, A, a, as, powers, i)));
    }
  }

  private static void scale(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray y, ShortArray ys,
      IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      set(p, base, y, ys, powers, i, q.get(base) * get(p, base, A, a, as, powers, i));
    }
  }

  private static void softcap(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray a, ShortArray as, FloatArray y, ShortArray ys,
      IntArray counts) {
    int base = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < elements(p, base, counts)) {
      float cap = q.get(base);
      set(p, base, y, ys, powers, i, cap * TornadoMath.tanh(get(p, base, A, a, as, powers, i) / cap));
    }
  }
}
