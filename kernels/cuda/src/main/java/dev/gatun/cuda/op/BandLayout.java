package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;

/** The layout of {@code gatun/packed.cuh}: bands of 16 rows of a weight, its codes in the order in which tensor cores take them. */
public final class BandLayout {
  /** What tensors in it call it. */
  public static final String NAME = "bands16";

  static final int BAND = 16;
  private static final int BYTES_PER_THREAD = 16;

  private BandLayout() {}

  /** Whether there is such a layout of a type. */
  static boolean knows(DType type, Gpu gpu) {
    return gpu.manifest().has(repack(type));
  }

  /** Whether a weight is better laid out so on a device. */
  public static boolean suits(Tensor weight, Gpu gpu) {
    return weight.shape().rank() == 2 && weight.shape().elements() > 0 && gpu.tensorCores() && knows(weight.dtype(), gpu);
  }

  /** Whether a tensor is laid out so. */
  static boolean has(Tensor tensor) {
    return tensor.layout().equals(NAME);
  }

  private static String repack(DType type) {
    return "repack_" + type.label();
  }

  /** The bytes of a weight {@code [n, k]}: those of its rows of blocks, with both sizes rounded up. */
  public static long bytes(DType type, long n, long k, Gpu gpu) {
    Kernel kernel = gpu.manifest().kernel(repack(type));
    return bands(n) * Math.ceilDiv(k, (long) kernel.tile("step")) * kernel.tile("step_bytes");
  }

  static long bands(long n) {
    return Math.ceilDiv(n, (long) BAND);
  }

  /** Adds the launch that brings a plain weight into this layout, into a tensor that has it. */
  public static void bind(Tensor plain, Tensor to, Binding binding) {
    long threads = to.storage().bytes() / BYTES_PER_THREAD;
    String kernel = repack(plain.dtype());
    binding.launch(kernel).pointer("w", binding.address(plain)).set("w_stride", MatmulKernel.stride(plain)).pointer("to", binding.address(to))
        .set("n", Math.toIntExact(plain.size(0))).set("k", Math.toIntExact(plain.size(1))).grid(Plans.blocksOf(kernel, threads, binding.gpu()));
  }
}
