package dev.gatun.cpu.op;

import dev.gatun.KvCache;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cpu.CpuCache;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** Resolves an operator's tensors to memory while a program is compiled, and hands out its workspace. */
public final class Binding {
  /** Where a storage's first byte lies. */
  public record Place(MemorySegment memory, long base) {}

  private final Function<Storage, Place> places;
  private final Place workspace;
  private final int workers;
  private final RowMath math;

  /** A binding over {@code places}, with the operator's workspace (as many bytes as its plan asked for) and the loops over rows. */
  public Binding(Function<Storage, Place> places, Place workspace, int workers, RowMath math) {
    this.places = places;
    this.workspace = workspace;
    this.workers = workers;
    this.math = math;
  }

  /** A tensor's place. */
  public View view(Tensor tensor) {
    Place place = places.apply(tensor.storage());
    if (tensor.count().isEmpty()) {
      return new View(tensor, place.memory(), place.base(), null, 0);
    }
    Tensor count = tensor.count().get();
    Place counted = places.apply(count.storage());
    return new View(tensor, place.memory(), place.base(), counted.memory(), counted.base() + count.offset());
  }

  /** A cache's pages. */
  public CpuCache cache(KvCache cache) {
    return (CpuCache) cache.device();
  }

  /** The operator's scratch memory, 64-byte aligned, its contents undefined. */
  public Place workspace() {
    return workspace;
  }

  /** How many workers there are. */
  public int workers() {
    return workers;
  }

  /** The loops over rows. */
  public RowMath math() {
    return math;
  }
}
