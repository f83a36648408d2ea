package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Rope: an item for a token, a unit of a head, and some heads that it does one after the other. A unit is a pair, or an element past the pairs, which is copied.
 *
 * <p>Integers: {@code units of a head, pairs, heads, heads of an item, bound of tokens, index of the count or −1, 1 for interleaved pairs or 0 for halves, index of the
 * positions, index of the factors or −1, type of x, type of y, rows of x (6), rows of y (6), frequency of each pair (2, as} {@link Turns#fixed}). Float: what sine and
 * cosine are multiplied by. Operands: x, positions, factors (any where there are none), count, y.
 */
public final class Rotations {
  /** Of any types. */
  public static final Kernel ANY = new Kernel("rope", (g, id, a) -> g.task(id, Rotations::turnAny, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.shorts(0), a.ints(1), a.floats(2), a.ints(3), a.floats(4), a.shorts(4)));

  /** Of F32. */
  public static final Kernel F32 = new Kernel("rope_f32", (g, id, a) -> g.task(id, Rotations::turnF32, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.ints(1), a.floats(2), a.ints(3), a.floats(4)));

  private static final int X = 11;
  private static final int Y = X + Rows.INTEGERS;
  private static final int FREQUENCIES = Y + Rows.INTEGERS;

  private Rotations() {}

  /** Items that a launch needs. */
  public static long items(long tokens, int units, int heads, int each) {
    return tokens * Math.ceilDiv(heads, each) * units;
  }

  /** The angle of a pair, in units of 2^-32 of a turn; −1 where it is no number. */
  private static long angle(IntArray p, int b, FloatArray powers, int position, int pair, FloatArray factors) {
    int high = p.get(b + FREQUENCIES + 2 * pair);
    int low = p.get(b + FREQUENCIES + 2 * pair + 1);
    int at = p.get(b + 8);
    long angle;
    if (at < 0) {
      angle = Turns.at(position, high, low);
    } else {
      float factor = factors.get(at + pair);
      float magnitude = TornadoMath.abs(factor);
      angle = -1;
      if (magnitude > Float.MAX_VALUE) {
        angle = 0;
      } else if (magnitude >= powers.get(1)) {
        angle = Turns.divided(position, high, low, factor, powers);
      }
    }
    return angle;
  }

  private static void turnAny(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, IntArray positions,
      FloatArray factors, IntArray counts, FloatArray y, ShortArray ys) {
    int b = Mark.begin(c, at, p);
    int units = p.get(b);
    int pairs = p.get(b + 1);
    int heads = p.get(b + 2);
    int each = p.get(b + 3);
    int groups = (heads + each - 1) / each;
    int tokens = Counts.actual(counts, p.get(b + 5), p.get(b + 4));
    int i = c.globalIdx;
    if (i < tokens * groups * units) {
      int unit = i % units;
      int first = i / units % groups * each;
      int token = i / units / groups;
      int end = TornadoMath.min(heads, first + each);
      int xType = p.get(b + 9);
      int yType = p.get(b + 10);
      if (unit < pairs) {
        long angle = angle(p, b, powers, positions.get(p.get(b + 7) + token), unit, factors);
        float wrong = angle < 0 ? powers.get(255) - powers.get(255) : 0f;
        float sine = Turns.sine(angle) * q.get(b) + wrong;
        float cosine = Turns.cosine(angle) * q.get(b) + wrong;
        int one = unit * (1 + p.get(b + 6));
        int other = p.get(b + 6) == 1 ? one + 1 : one + pairs;
        for (int head = first; head < end; head++) {
          int from = Rows.at(p, b + X, token * heads + head);
          int to = Rows.at(p, b + Y, token * heads + head);
          float left = Elements.get(xType, x, xs, powers, from + one);
          float right = Elements.get(xType, x, xs, powers, from + other);
          Elements.set(yType, y, ys, powers, to + one, left * cosine - right * sine);
          Elements.set(yType, y, ys, powers, to + other, left * sine + right * cosine);
        }
      } else {
        for (int head = first; head < end; head++) {
          int from = Rows.at(p, b + X, token * heads + head) + pairs + unit;
          int to = Rows.at(p, b + Y, token * heads + head) + pairs + unit;
          Elements.set(yType, y, ys, powers, to, Elements.get(xType, x, xs, powers, from));
        }
      }
    }
  }

  private static void turnF32(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, IntArray positions, FloatArray factors,
      IntArray counts, FloatArray y) {
    int b = Mark.begin(c, at, p);
    int units = p.get(b);
    int pairs = p.get(b + 1);
    int heads = p.get(b + 2);
    int each = p.get(b + 3);
    int groups = (heads + each - 1) / each;
    int tokens = Counts.actual(counts, p.get(b + 5), p.get(b + 4));
    int i = c.globalIdx;
    if (i < tokens * groups * units) {
      int unit = i % units;
      int first = i / units % groups * each;
      int token = i / units / groups;
      int count = TornadoMath.min(heads - first, each);
      int xStride = p.get(b + X + 4);
      int yStride = p.get(b + Y + 4);
      int from = p.get(b + X) + token * p.get(b + X + 3) + first * xStride;
      int to = p.get(b + Y) + token * p.get(b + Y + 3) + first * yStride;
      if (unit < pairs) {
        long angle = angle(p, b, powers, positions.get(p.get(b + 7) + token), unit, factors);
        float wrong = angle < 0 ? powers.get(255) - powers.get(255) : 0f;
        float sine = Turns.sine(angle) * q.get(b) + wrong;
        float cosine = Turns.cosine(angle) * q.get(b) + wrong;
        int one = unit * (1 + p.get(b + 6));
        int other = p.get(b + 6) == 1 ? one + 1 : one + pairs;
        for (int k = 0; k < count; k++) {
          float left = x.get(from + k * xStride + one);
          float right = x.get(from + k * xStride + other);
          y.set(to + k * yStride + one, left * cosine - right * sine);
          y.set(to + k * yStride + other, left * sine + right * cosine);
        }
      } else {
        for (int k = 0; k < count; k++) {
          y.set(to + k * yStride + pairs + unit, x.get(from + k * xStride + pairs + unit));
        }
      }
    }
  }
}
