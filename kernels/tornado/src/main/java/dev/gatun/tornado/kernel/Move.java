package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies of bytes on the device: what carries contents to and from the host, and copies between tensors. */
public final class Move {
  /** {@code n, from, to} in bytes: operand 0 to operand 1. */
  public static final Kernel BYTES = new Kernel("move_bytes",
      (g, id, a) -> g.task(id, Move::bytes, a.context(), a.at(), a.integers(), a.floatingPoint(), a.bytes(0), a.bytes(1)));

  /** {@code n, from, to} in words of 4 bytes: operand 0 to operand 1. */
  public static final Kernel WORDS = new Kernel("move_words",
      (g, id, a) -> g.task(id, Move::words, a.context(), a.at(), a.integers(), a.floatingPoint(), a.ints(0), a.ints(1)));

  private Move() {}

  /** Writes a byte that nothing reads: a task that writes an array makes TornadoVM give it memory. */
  public static void touch(ByteArray slab) {
    for (@Parallel int i = 0; i < 1; i++) {
      slab.set(i, (byte) 0);
    }
  }

  private static void bytes(KernelContext c, IntArray at, IntArray p, FloatArray q, ByteArray from, ByteArray to) {
    int b = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < p.get(b)) {
      to.set(p.get(b + 2) + i, from.get(p.get(b + 1) + i));
    }
  }

  private static void words(KernelContext c, IntArray at, IntArray p, FloatArray q, IntArray from, IntArray to) {
    int b = Mark.begin(c, at, p);
    int i = c.globalIdx;
    if (i < p.get(b)) {
      to.set(p.get(b + 2) + i, from.get(p.get(b + 1) + i));
    }
  }
}
