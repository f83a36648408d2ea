package dev.gatun.cpu.matmul;

/** A thread's copy of one activation row in the integer form of {@link Strips4}, and the products of its scales with a weight row's. */
final class RoundedRow {
  final short[] codes;
  final int[] corrections;
  final float[] scales;
  final float[] products;
  final float[] sums = new float[16];

  RoundedRow(int k) {
    codes = new short[k];
    corrections = new int[k / 32];
    scales = new float[k / 32];
    products = new float[k / 32];
  }
}
