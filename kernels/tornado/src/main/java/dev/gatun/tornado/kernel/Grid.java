package dev.gatun.tornado.kernel;

/**
 * How many work-groups there are, in up to three dimensions, of how many items each; a group's items lie along x.
 *
 * @param x groups along x, at least 1
 * @param y groups along y, at least 1
 * @param z groups along z, at least 1
 * @param local items of a group
 */
public record Grid(int x, int y, int z, int local) {
  /** Checks the numbers. */
  public Grid {
    if (x < 1 || y < 1 || z < 1 || local < 1 || (long) x * local > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("no grid of " + x + " x " + y + " x " + z + " groups of " + local);
    }
  }

  /** At least {@code items} items in groups of {@code local}; kernels leave the surplus out. */
  public static Grid items(long items, int local) {
    return groups(Math.ceilDiv(items, (long) local), local);
  }

  /** {@code groups} groups in a row, at least one. */
  public static Grid groups(long groups, int local) {
    return new Grid(Math.toIntExact(Math.max(1, groups)), 1, 1, local);
  }

  @Override
  public String toString() {
    return x + "x" + y + "x" + z + " groups of " + local;
  }
}
