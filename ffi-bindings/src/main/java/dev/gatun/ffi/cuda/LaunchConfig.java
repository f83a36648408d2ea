package dev.gatun.ffi.cuda;

/**
 * The shape of a launch.
 *
 * @param gridX blocks in x
 * @param gridY blocks in y
 * @param gridZ blocks in z
 * @param blockX threads of a block in x
 * @param blockY threads of a block in y
 * @param blockZ threads of a block in z
 * @param sharedBytes dynamic shared memory of a block
 * @param clusterX blocks of a cluster in x; 1 everywhere for no clusters
 * @param clusterY blocks of a cluster in y
 * @param clusterZ blocks of a cluster in z
 * @param programmatic whether the kernel may start while its predecessor in the stream still runs; it has to wait for it itself
 */
public record LaunchConfig(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes,
    int clusterX, int clusterY, int clusterZ, boolean programmatic) {

  /** Checks that every count is positive and that clusters divide the grid. */
  public LaunchConfig {
    if (gridX < 1 || gridY < 1 || gridZ < 1 || blockX < 1 || blockY < 1 || blockZ < 1 || clusterX < 1 || clusterY < 1 || clusterZ < 1) {
      throw new IllegalArgumentException("grid, block and cluster must be at least 1 in each dimension, were "
          + text(gridX, gridY, gridZ) + ", " + text(blockX, blockY, blockZ) + " and " + text(clusterX, clusterY, clusterZ));
    }
    if (sharedBytes < 0) {
      throw new IllegalArgumentException("dynamic shared memory must not be negative, was " + sharedBytes + " bytes");
    }
    if (gridX % clusterX != 0 || gridY % clusterY != 0 || gridZ % clusterZ != 0) {
      throw new IllegalArgumentException("a grid of " + text(gridX, gridY, gridZ) + " does not divide into clusters of "
          + text(clusterX, clusterY, clusterZ));
    }
  }

  /** A one-dimensional launch of {@code grid} blocks of {@code block} threads with {@code sharedBytes} of dynamic shared memory each. */
  public static LaunchConfig of(int grid, int block, int sharedBytes) {
    return new LaunchConfig(grid, 1, 1, block, 1, 1, sharedBytes, 1, 1, 1, false);
  }

  /** The same with another grid. */
  public LaunchConfig withGrid(int x, int y, int z) {
    return new LaunchConfig(x, y, z, blockX, blockY, blockZ, sharedBytes, clusterX, clusterY, clusterZ, programmatic);
  }

  /** The same with clusters of so many blocks. */
  public LaunchConfig withCluster(int x, int y, int z) {
    return new LaunchConfig(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, x, y, z, programmatic);
  }

  /** The same with {@link #programmatic()} set. */
  public LaunchConfig withProgrammatic(boolean value) {
    return new LaunchConfig(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, clusterX, clusterY, clusterZ, value);
  }

  boolean hasCluster() {
    return clusterX != 1 || clusterY != 1 || clusterZ != 1;
  }

  private static String text(int x, int y, int z) {
    return x + "x" + y + "x" + z;
  }
}
