package dev.gatun.cpu.matmul;

/** A thread's copy of one activation row in the form of {@link RoundedK}, and a weight row's scales times the activations'. */
final class KRow {
  private static final ThreadLocal<KRow[]> OF_THREAD = ThreadLocal.withInitial(() -> new KRow[] {new KRow(0)});

  final short[] codes;
  final float[] terms;
  /** A factor for each four weights, in the order of their sums, then what is added to them. */
  final float[] factors;

  private KRow(int k) {
    codes = new short[k];
    terms = new float[k / 8];
    factors = new float[k / 4 + 16];
  }

  static KRow ofThread(int k) {
    KRow[] held = OF_THREAD.get();
    if (held[0].codes.length < k) {
      held[0] = new KRow(k);
    }
    return held[0];
  }
}
