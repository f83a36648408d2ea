package uk.ac.manchester.tornado.api;

import java.util.Arrays;

/** A size in three dimensions, and the place of its {@code i}-th point, counted along x first. */
record Extent(int x, int y, int z) {
  static Extent of(long[] sizes) {
    return new Extent(Math.toIntExact(sizes[0]), Math.toIntExact(sizes[1]), Math.toIntExact(sizes[2]));
  }

  int x(int i) {
    return x == 1 ? 0 : i % x;
  }

  int y(int i) {
    return y == 1 ? 0 : i / x % y;
  }

  int z(int i) {
    return z == 1 ? 0 : i / x / y;
  }

  /** The place of the {@code i}-th point, as objects, since that is what a {@link KernelContext} holds. */
  Point point(int i) {
    return new Point(x(i), y(i), z(i));
  }

  Point size() {
    return new Point(x, y, z);
  }

  int count() {
    return Math.multiplyExact(Math.multiplyExact(x, y), z);
  }

  String at(int i) {
    return Arrays.toString(new int[] {x(i), y(i), z(i)});
  }

  @Override
  public String toString() {
    return Arrays.toString(new int[] {x, y, z});
  }

  /** Three numbers as objects. */
  record Point(Integer x, Integer y, Integer z) {}
}
