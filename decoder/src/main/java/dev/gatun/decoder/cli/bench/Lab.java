package dev.gatun.decoder.cli.bench;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The memory of one case, owned: tensors of random content that is made on the device from a small tile, so that gigabytes take milliseconds, and copies of them
 * for the host to look at.
 */
public final class Lab implements AutoCloseable {
  private static final int TILE_BLOCKS = 1 << 18;
  private static final int LARGEST_TILE = 1 << 20;
  private static final byte POISON = (byte) 0xFF;

  private final Backend backend;
  private final Stream stream;
  private final BenchScale scale;
  private final Map<DType, MemorySegment> tiles;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final Arena arena = Arena.ofConfined();
  private long turn;

  /**
   * For one case on a stream of the backend's.
   *
   * @param tiles kept from case to case
   */
  public Lab(Backend backend, Stream stream, BenchScale scale, Map<DType, MemorySegment> tiles) {
    this.backend = backend;
    this.stream = stream;
    this.scale = scale;
    this.tiles = tiles;
  }

  /** No tiles yet. */
  public static Map<DType, MemorySegment> tiles() {
    return new EnumMap<>(DType.class);
  }

  /** Where the case runs. */
  public Backend backend() {
    return backend;
  }

  /** What the case runs on. */
  public Stream stream() {
    return stream;
  }

  BenchScale scale() {
    return scale;
  }

  /** How many copies of a case of {@code bytes} bytes it takes that none is still in a cache when its turn comes again. */
  public int copies(long bytes) {
    return Math.clamp(Math.ceilDiv(scale.rotatedBytes(), Math.max(1, bytes)), scale.leastCopies(), scale.mostCopies());
  }

  /** A tensor of random elements. */
  public Tensor random(DType dtype, long... shape) {
    Tensor tensor = allocate(dtype, shape);
    MemorySegment tile = tile(dtype);
    long bytes = tensor.bytes();
    long first = Math.min(bytes, tile.byteSize());
    // Another beginning for each tensor, so that no two are the same.
    long from = turn++ * 977 * dtype.blockBytes() % first / dtype.blockBytes() * dtype.blockBytes();
    long rest = first - from;
    upload(tile.asSlice(from, rest), tensor, 0);
    if (from > 0) {
      upload(tile.asSlice(0, from), tensor, rest);
    }
    for (long done = first; done < bytes; ) {
      long more = Math.min(done, bytes - done);
      stream.copy(raw(tensor, 0, more), raw(tensor, done, more));
      done += more;
    }
    stream.synchronize();
    return tensor;
  }

  private MemorySegment tile(DType dtype) {
    return tiles.computeIfAbsent(dtype, type -> {
      long blocks = Math.min(TILE_BLOCKS, LARGEST_TILE / type.blockBytes());
      MemorySegment tile = Arena.ofAuto().allocate(blocks * type.blockBytes(), Long.BYTES);
      Inputs.fill(type, 20260101 + type.ordinal(), tile);
      return tile;
    });
  }

  /** An output, whose every byte is 0xFF, which is NaN in every float type, until something is written there. */
  public Tensor output(DType dtype, long... shape) {
    Tensor tensor = allocate(dtype, shape);
    poison(tensor);
    return tensor;
  }

  /** Fills a tensor with bytes 0xFF. */
  public void poison(Tensor tensor) {
    long bytes = tensor.bytes();
    long first = Math.min(bytes, LARGEST_TILE);
    upload(arena.allocate(first).fill(POISON), tensor, 0);
    for (long done = first; done < bytes; ) {
      long more = Math.min(done, bytes - done);
      stream.copy(raw(tensor, 0, more), raw(tensor, done, more));
      done += more;
    }
    stream.synchronize();
  }

  /** A weight as the backend's products want it: the same tensor where they read it as it lies. */
  public Tensor prepared(Tensor weight) {
    Prepared prepared = backend.prepare(weight, Use.MATMUL);
    if (prepared.inPlace()) {
      return weight;
    }
    owned.add(prepared.tensor().buffer());
    return prepared.tensor();
  }

  /** A row of numbers. */
  public Tensor ints(int... values) {
    return tensor(values, values.length);
  }

  /** A tensor of these numbers. */
  public Tensor tensor(int[] values, long... shape) {
    Tensor tensor = backend.tensor(values, shape);
    owned.add(tensor.buffer());
    return tensor;
  }

  /** A tensor of these numbers. */
  public Tensor tensor(float[] values, long... shape) {
    Tensor tensor = backend.tensor(values, shape);
    owned.add(tensor.buffer());
    return tensor;
  }

  /** An empty cache. */
  public KvCache cache(KvCache.Spec spec) {
    KvCache cache = backend.newKvCache(spec);
    owned.add(cache);
    return cache;
  }

  private Tensor allocate(DType dtype, long... shape) {
    Tensor tensor = backend.allocate(dtype, shape);
    owned.add(tensor.buffer());
    return tensor;
  }

  private void upload(MemorySegment bytes, Tensor to, long offset) {
    stream.copy(Tensor.ofHost(bytes, DType.I8, bytes.byteSize()), raw(to, offset, bytes.byteSize()));
  }

  private static Tensor raw(Tensor tensor, long offset, long bytes) {
    return Tensor.of(tensor.storage(), tensor.offset() + offset, DType.I8, Shape.of(bytes));
  }

  /** A contiguous tensor as the host sees it, in memory of the case's own. */
  public Tensor onHost(Tensor tensor) {
    Tensor copy = Tensor.ofHost(arena.allocate(Math.max(1, tensor.bytes()), Long.BYTES), tensor.dtype(), tensor.shape().sizes());
    stream.copy(tensor, copy);
    stream.synchronize();
    return copy;
  }

  /** Some rows (indices of dimension 0) of a tensor as the host sees them. */
  public Tensor onHost(Tensor tensor, int... rows) {
    Shape row = tensor.shape().with(0, 1);
    long rowBytes = tensor.dtype().bytes(row.elements());
    Tensor copy = hostTensor(tensor.dtype(), tensor.shape().with(0, rows.length).sizes());
    for (int i = 0; i < rows.length; i++) {
      stream.copy(tensor.slice(0, rows[i], rows[i] + 1), Tensor.of(copy.storage(), i * rowBytes, tensor.dtype(), row));
    }
    stream.synchronize();
    return copy;
  }

  /** Empty memory of the host's. */
  public Tensor hostTensor(DType dtype, long... shape) {
    return Tensor.ofHost(arena.allocate(Math.max(1, dtype.bytes(Shape.of(shape).elements())), Long.BYTES), dtype, shape);
  }

  /** Frees everything. */
  @Override
  public void close() {
    for (AutoCloseable resource : owned.reversed()) {
      try {
        resource.close();
      } catch (GatunException e) {
        throw e;
      } catch (Exception e) {
        throw new GatunException("cannot free " + resource, e);
      }
    }
    arena.close();
  }
}
