package dev.gatun.tornado.op;

import dev.gatun.KvCache;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.tornado.kernel.Place;
import java.util.function.Function;

/** Resolves an operator's tensors to memory while a program is compiled. */
public final class Binding {
  private final Function<Storage, Place> places;
  private final Place workspace;

  /** A binding over {@code places}, with the operator's workspace (as many bytes as its plan asked for). */
  public Binding(Function<Storage, Place> places, Place workspace) {
    this.places = places;
    this.workspace = workspace;
  }

  /** A tensor's first byte. */
  public Place place(Tensor tensor) {
    Place start = places.apply(tensor.storage());
    return new Place(start.slab(), Math.toIntExact(start.offset() + tensor.offset()));
  }

  /** A tensor's first element, counted in elements of its type (of a block type, in bytes) from the start of its slab. */
  public int index(Tensor tensor) {
    return place(tensor).index(tensor.dtype().isBlock() ? 1 : tensor.dtype().blockBytes());
  }

  /** Where a cache lies. */
  public CachePlaces cache(KvCache cache) {
    return (CachePlaces) cache.device();
  }

  /** The operator's scratch memory; its contents are undefined. */
  public Place workspace() {
    return workspace;
  }
}
