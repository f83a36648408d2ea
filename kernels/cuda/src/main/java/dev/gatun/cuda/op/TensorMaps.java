package dev.gatun.cuda.op;

import dev.gatun.ffi.cuda.TensorMap;

/** Encodes what a device's copy engine must know of tensors. */
@FunctionalInterface
public interface TensorMaps {
  /**
   * As {@link TensorMap#tiled}.
   *
   * @param sizes elements of each dimension, the densest first
   * @param strides bytes from one element to the next of the second and each further dimension
   * @param box elements of one copy in each dimension
   */
  TensorMap tiled(TensorMap.Type type, long address, long[] sizes, long[] strides, int[] box, TensorMap.Swizzle swizzle, TensorMap.L2Promotion promotion);
}
