package dev.gatun.cuda.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A kernel with its parameters and its grid, ready to be launched any number of times.
 *
 * @param kernel the kernel
 * @param parameters its parameters' struct in native memory
 * @param gridX blocks
 * @param gridY blocks
 * @param gridZ blocks
 * @param sharedBytes dynamic shared memory of a block
 */
public record Launch(Kernel kernel, MemorySegment parameters, int gridX, int gridY, int gridZ, int sharedBytes) {}
