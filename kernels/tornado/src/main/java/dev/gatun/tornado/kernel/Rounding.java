package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Rows of F32 as blocks of 32, an item for each block, by ggml's reference rounding. Its F32 arithmetic decides the bytes, so that no product may be fused with
 * a sum: {@link #alone}. Integers: {@link Pieces} (whose last two are not used), {@code blocks of a row, rows of x (6), rows of y in bytes (6)}. Operands: x,
 * y, count.
 */
public final class Rounding {
  /** To Q8_0. */
  public static final Kernel Q8_0 = new Kernel("quantize_q8_0", (g, id, a) -> g.task(id, Rounding::quantizeQ80, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.bytes(1), a.ints(2)));

  /** To Q4_0. */
  public static final Kernel Q4_0 = new Kernel("quantize_q4_0", (g, id, a) -> g.task(id, Rounding::quantizeQ40, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.bytes(1), a.ints(2)));

  /** To Q5_0. */
  public static final Kernel Q5_0 = new Kernel("quantize_q5_0", (g, id, a) -> g.task(id, Rounding::quantizeQ50, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.bytes(1), a.ints(2)));

  /** To Q4_1. */
  public static final Kernel Q4_1 = new Kernel("quantize_q4_1", (g, id, a) -> g.task(id, Rounding::quantizeQ41, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.bytes(1), a.ints(2)));

  /** To Q5_1. */
  public static final Kernel Q5_1 = new Kernel("quantize_q5_1", (g, id, a) -> g.task(id, Rounding::quantizeQ51, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.bytes(1), a.ints(2)));

  private static final int NAN = 0x7E00;

  private Rounding() {}

  private static void quantizeQ80(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ByteArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    if (within(p, b, counts, c.globalIdx)) {
      bytes(x, from(p, b, c.globalIdx), y, to(p, b, c.globalIdx, 34), powers);
    }
  }

  private static void quantizeQ40(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ByteArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    if (within(p, b, counts, c.globalIdx)) {
      symmetric(8, false, x, from(p, b, c.globalIdx), y, to(p, b, c.globalIdx, 18), powers);
    }
  }

  private static void quantizeQ50(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ByteArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    if (within(p, b, counts, c.globalIdx)) {
      symmetric(16, true, x, from(p, b, c.globalIdx), y, to(p, b, c.globalIdx, 22), powers);
    }
  }

  private static void quantizeQ41(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ByteArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    if (within(p, b, counts, c.globalIdx)) {
      ranged(15, false, x, from(p, b, c.globalIdx), y, to(p, b, c.globalIdx, 20), powers);
    }
  }

  private static void quantizeQ51(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ByteArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    if (within(p, b, counts, c.globalIdx)) {
      ranged(31, true, x, from(p, b, c.globalIdx), y, to(p, b, c.globalIdx, 24), powers);
    }
  }

  private static boolean within(IntArray p, int b, IntArray counts, int i) {
    int blocks = p.get(b + Pieces.INTEGERS);
    int row = i / blocks;
    boolean within = false;
    if (row < Pieces.rows(p, b, counts)) {
      within = (i % blocks) * 32 < Pieces.length(p, b, counts);
    }
    return within;
  }

  private static int from(IntArray p, int b, int i) {
    int blocks = p.get(b + Pieces.INTEGERS);
    return Rows.at(p, b + Pieces.INTEGERS + 1, i / blocks) + i % blocks * 32;
  }

  private static int to(IntArray p, int b, int i, int bytes) {
    int blocks = p.get(b + Pieces.INTEGERS);
    return Rows.at(p, b + Pieces.INTEGERS + 1 + Rows.INTEGERS, i / blocks) + i % blocks * bytes;
  }

  private static void bytes(FloatArray x, int from, ByteArray y, int to, FloatArray powers) {
    float largest = TornadoMath.abs(extreme(x, from));
    boolean finite = finite(x, from);
    float d = largest / 127f;
    float inverse = finite ? inverse(d) : 0f;
    putHalf(y, to, finite ? Elements.halfBits(d, powers) : NAN);
    for (int i = 0; i < 32; i++) {
      float value = finite ? x.get(from + i) : 0f;
      float scaled = alone(value * inverse);
      int whole = (int) scaled;
      // Half away from zero, where adding 0.5 to the number just below 0.5 would round up.
      y.set(to + 2 + i, (byte) (whole + (int) ((scaled - whole) * 2f)));
    }
  }

  /** Q4_0 and Q5_0: {@code middle} is the code of zero, and the extreme value gets code 0. */
  private static void symmetric(int middle, boolean fifthBit, FloatArray x, int from, ByteArray y, int to, FloatArray powers) {
    boolean finite = finite(x, from);
    float d = extreme(x, from) / -middle;
    float inverse = finite ? inverse(d) : 0f;
    putHalf(y, to, finite ? Elements.halfBits(d, powers) : NAN);
    codes(x, from, 0f, inverse, finite, middle + 0.5f, 2 * middle - 1, fifthBit, y, to + 2);
  }

  /** Q4_1 and Q5_1: codes 0 to {@code top} spread between the smallest and the largest value. */
  private static void ranged(int top, boolean fifthBit, FloatArray x, int from, ByteArray y, int to, FloatArray powers) {
    boolean finite = finite(x, from);
    float least = x.get(from);
    float most = least;
    for (int i = 1; i < 32; i++) {
      float value = x.get(from + i);
      if (value < least) {
        least = value;
      }
      if (value > most) {
        most = value;
      }
    }
    float d = (most - least) / top;
    float inverse = finite ? inverse(d) : 0f;
    putHalf(y, to, finite ? Elements.halfBits(d, powers) : NAN);
    putHalf(y, to + 2, finite ? Elements.halfBits(least, powers) : NAN);
    codes(x, from, least, inverse, finite, 0.5f, top, fifthBit, y, to + 4);
  }

  /** Codes of four bits in the nibbles from byte {@code to} on, or of five with the fifth bits in a word before them. */
  private static void codes(FloatArray x, int from, float zero, float inverse, boolean finite, float half, int top, boolean fifthBit, ByteArray y, int to) {
    int nibbles = fifthBit ? to + 4 : to;
    int fifths = 0;
    for (int i = 0; i < 16; i++) {
      int low = finite ? code(x.get(from + i), zero, inverse, half, top) : 0;
      int high = finite ? code(x.get(from + 16 + i), zero, inverse, half, top) : 0;
      y.set(nibbles + i, (byte) ((low & 15) | ((high & 15) << 4)));
      fifths = fifths | ((low >> 4) << i) | ((high >> 4) << (16 + i));
    }
    if (fifthBit) {
      for (int i = 0; i < 4; i++) {
        y.set(to + i, (byte) (fifths >> (8 * i)));
      }
    }
  }

  private static int code(float x, float zero, float inverse, float half, int top) {
    int code = (int) (alone((x - zero) * inverse) + half);
    return code < top ? code : top;
  }

  private static void putHalf(ByteArray y, int at, int bits) {
    y.set(at, (byte) bits);
    y.set(at + 1, (byte) (bits >> 8));
  }

  /** The signed value of largest magnitude, the first of equals. */
  private static float extreme(FloatArray x, int from) {
    float extreme = 0;
    for (int i = 0; i < 32; i++) {
      float value = x.get(from + i);
      if (TornadoMath.abs(value) > TornadoMath.abs(extreme)) {
        extreme = value;
      }
    }
    return extreme;
  }

  /** Whether there is no NaN and no infinity: zero times those alone is not zero. */
  private static boolean finite(FloatArray x, int from) {
    float sum = 0;
    for (int i = 0; i < 32; i++) {
      sum += x.get(from + i) * 0f;
    }
    return sum == 0;
  }

  /** 1/d, or 0 where that is no finite number: for d = 0, and for a d so small that the reference leaves the codes open. */
  private static float inverse(float d) {
    float inverse = 1f / d;
    return TornadoMath.abs(inverse) > Float.MAX_VALUE ? 0f : inverse;
  }

  /** A product as it is rounded; what stands between it and a sum keeps compilers from fusing the two. */
  private static float alone(float product) {
    return TornadoMath.max(product, -Float.MAX_VALUE);
  }
}
