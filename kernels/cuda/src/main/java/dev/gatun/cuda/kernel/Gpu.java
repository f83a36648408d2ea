package dev.gatun.cuda.kernel;

/**
 * What decisions about kernels need to know of a device.
 *
 * @param computeCapability 80 for 8.0
 * @param multiprocessors streaming multiprocessors
 * @param sharedBytes the most dynamic shared memory of a block
 * @param manifest the kernels there are
 */
public record Gpu(int computeCapability, int multiprocessors, int sharedBytes, Manifest manifest) {
  private static final int TENSOR_CORES = 80;
  private static final int PROGRAMMATIC = 90;
  private static final int WARPGROUPS = 90;
  private static final int AFTER_WARPGROUPS = 100;

  /** Whether {@code mma.sync} of 16-bit types and asynchronous copies are there. */
  public boolean tensorCores() {
    return computeCapability >= TENSOR_CORES;
  }

  /** Whether kernels may be launched while those before them still run, and the machine code that runs here waits for them. */
  public boolean programmatic() {
    return manifest.serves(computeCapability, PROGRAMMATIC);
  }

  /** Whether {@code wgmma} is there and machine code that uses it: sm_90a, which neither older nor newer devices run. */
  public boolean warpgroups() {
    return computeCapability >= WARPGROUPS && computeCapability < AFTER_WARPGROUPS
        && (manifest.architectures().isEmpty() || manifest.architectures().contains("sm_90a"));
  }
}
