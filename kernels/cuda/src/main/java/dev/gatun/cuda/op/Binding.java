package dev.gatun.cuda.op;

import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Launch;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** Resolves an operator's tensors to device addresses while a program is compiled, and collects its launches. */
public final class Binding {
  private final Gpu gpu;
  private final ToLongFunction<Storage> addresses;
  private final long workspace;
  private final ToLongFunction<double[]> tables;
  private final TensorMaps tensorMaps;
  private final Predicate<Tensor> constant;
  private final Arena arena;
  private final List<Launch> launches;

  /**
   * A binding.
   *
   * @param addresses where a storage's first byte is
   * @param workspace the operator's scratch memory, as many bytes as its plan asked for, 256-byte aligned
   * @param tables puts a table of float64 into device memory and gives its address
   * @param tensorMaps the driver's
   * @param constant whether no operator of the program writes to a tensor
   * @param arena for parameters
   */
  public Binding(Gpu gpu, ToLongFunction<Storage> addresses, long workspace, ToLongFunction<double[]> tables, TensorMaps tensorMaps,
      Predicate<Tensor> constant, Arena arena) {
    this(gpu, addresses, workspace, tables, tensorMaps, constant, arena, new ArrayList<>());
  }

  private Binding(Gpu gpu, ToLongFunction<Storage> addresses, long workspace, ToLongFunction<double[]> tables, TensorMaps tensorMaps, Predicate<Tensor> constant,
      Arena arena, List<Launch> launches) {
    this.gpu = gpu;
    this.addresses = addresses;
    this.workspace = workspace;
    this.tables = tables;
    this.tensorMaps = tensorMaps;
    this.constant = constant;
    this.arena = arena;
    this.launches = launches;
  }

  /** This binding, whose launches it adds to, with a place in the workspace for what an operator keeps there as tensors of {@code storage}. */
  Binding placing(Storage storage, long address) {
    return new Binding(gpu, other -> other == storage ? address : addresses.applyAsLong(other), workspace, tables, tensorMaps, constant, arena, launches);
  }

  /** The device. */
  Gpu gpu() {
    return gpu;
  }

  /** A tensor's first element. @throws GatunException if a kernel could not read its elements there */
  long address(Tensor tensor) {
    long address = addresses.applyAsLong(tensor.storage()) + tensor.offset();
    int unit = alignment(tensor);
    if (address % unit != 0 && tensor.shape().elements() > 0) {
      throw new GatunException("cuda: " + tensor + " at byte " + tensor.offset() + " of its buffer does not start at a multiple of " + unit
          + " bytes, as this device needs; copy it to an aligned place");
    }
    return address;
  }

  /** As {@link #address(Tensor)}, for a kernel that copies in pieces of {@code bytes}. @throws GatunException if the tensor does not begin where one can */
  long address(Tensor tensor, int bytes, String kernel) {
    long address = address(tensor);
    if (address % bytes != 0) {
      throw new GatunException("cuda: " + tensor + " does not start at a multiple of " + bytes + " bytes in memory, which its kernel " + kernel
          + " needs; copy it to a buffer of this backend");
    }
    return address;
  }

  /** As {@link #address(Tensor)}; 0 for none. */
  long address(Optional<Tensor> tensor) {
    return tensor.map(this::address).orElse(0L);
  }

  /** What elements are aligned to: a scalar to its own size, a block to its F16 scale, one without such a scale to a byte. */
  private static int alignment(Tensor tensor) {
    if (!tensor.dtype().isBlock()) {
      return tensor.dtype().blockBytes();
    }
    return tensor.dtype().blockBytes() % 2 == 0 ? 2 : 1;
  }

  /** Where the actual size of dimension 0 is kept; 0 where it is fixed. */
  long count(Tensor tensor) {
    return tensor.count().map(this::address).orElse(0L);
  }

  /** Whether no operator of the program writes to a tensor, so that a kernel may read it before those launched before it are done. */
  boolean isConstant(Tensor tensor) {
    return constant.test(tensor);
  }

  /** Scratch memory, its contents undefined. */
  long workspace() {
    return workspace;
  }

  /** The device address of a table that the host computes now and the device never changes. */
  long table(double[] values) {
    return tables.applyAsLong(values);
  }

  /** Encodes tensor maps. */
  TensorMaps tensorMaps() {
    return tensorMaps;
  }

  /** The device's side of a cache. */
  CachePages cache(KvCache cache) {
    return (CachePages) cache.device();
  }

  /** Begins a launch of a kernel by its name in the manifest. */
  LaunchBuilder launch(String kernel) {
    return new LaunchBuilder(gpu.manifest().kernel(kernel), arena, launches::add);
  }

  /** The launches so far. */
  public List<Launch> launches() {
    return List.copyOf(launches);
  }
}
