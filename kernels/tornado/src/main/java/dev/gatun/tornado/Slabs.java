package dev.gatun.tornado;

import dev.gatun.DeviceException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongFunction;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Cuts buffers from slabs: first fit, freed neighbours joined. A slab is made when no other has room, each larger than the last. Those of a device that is closed
 * serve it when it is opened again. Some drivers tell of memory that there is not only by printing it, or give it when it is first touched; therefore no more slabs
 * are asked for than the device has memory, and none is used before its ends have kept a word.
 */
final class Slabs implements AutoCloseable {
  /** What every buffer starts at a multiple of. */
  static final int ALIGNMENT = 256;

  /** Kernels count bytes in an int. */
  static final long MOST = Integer.MAX_VALUE / ALIGNMENT * (long) ALIGNMENT;

  private static final long FIRST = 64L << 20;
  private static final long LARGEST_GROWTH = 1L << 30;

  private static final String ADVICE = "free buffers, or use a smaller model, context or batch";
  private static final int PROOF = 1 << 12;
  private static final int PATTERN = 0x5A17_C3E1;

  private final Pool pool;
  private final TornadoDevice device;
  private final LongFunction<Slab> maker;
  private final long memory;
  private final long most;
  private final List<Slab> slabs = new ArrayList<>();
  private final List<TreeMap<Long, Long>> free = new ArrayList<>();

  Slabs(TornadoDevice device) {
    this(device, device.getMaxGlobalMemory(), bytes -> new Slab(device, bytes));
  }

  /** Of a device of so much memory, 0 where it does not tell, and slabs that {@code maker} makes. */
  Slabs(TornadoDevice device, long memory, LongFunction<Slab> maker) {
    this.pool = Pool.of(device);
    this.device = device;
    this.memory = memory;
    this.maker = maker;
    long one = device.getMaxAllocMemory() / ALIGNMENT * ALIGNMENT;
    this.most = one > 0 ? Math.min(MOST, one - ALIGNMENT) : MOST;
  }

  /** A slab by its number. */
  synchronized Slab slab(int number) {
    return slabs.get(number);
  }

  /** New memory. @throws DeviceException if the device has no more */
  TornadoMemory allocate(long bytes) {
    synchronized (pool) {
      return allocated(bytes);
    }
  }

  private synchronized TornadoMemory allocated(long bytes) {
    long size = Math.ceilDiv(Math.max(1, bytes), (long) ALIGNMENT) * ALIGNMENT;
    if (size > most - Slab.RESERVED) {
      throw new DeviceException("tornado: a buffer of " + bytes + " bytes; on " + device.getDeviceName() + " one holds at most " + (most - Slab.RESERVED)
          + ": split it", "", false);
    }
    for (int i = 0; i < slabs.size(); i++) {
      for (var gap : free.get(i).entrySet()) {
        if (gap.getValue() >= size) {
          return take(i, gap.getKey(), gap.getValue(), size, bytes);
        }
      }
    }
    Slab added = pool.slab(size + Slab.RESERVED).orElseGet(() -> another(size + Slab.RESERVED));
    slabs.add(added);
    free.add(new TreeMap<>());
    return take(slabs.size() - 1, Slab.RESERVED, added.bytes() - Slab.RESERVED, size, bytes);
  }

  /** A slab with room to grow, or where the device has no memory for that, one of the bytes that are needed. */
  private Slab another(long needed) {
    long growth = Math.min(LARGEST_GROWTH, FIRST << Math.min(8, slabs.size()));
    long wanted = Math.min(most, Math.max(growth, needed));
    if (memory > 0 && pool.bytes() + wanted > memory) {
      wanted = needed;
    }
    if (memory > 0 && pool.bytes() + wanted > memory) {
      throw new DeviceException("tornado: another " + needed + " bytes do not fit " + device.getDeviceName() + ", which has " + memory + " bytes of memory, of which "
          + pool.bytes() + " are taken; " + ADVICE, "out of memory", false);
    }
    try {
      return proven(wanted);
    } catch (DeviceException e) {
      if (wanted == needed) {
        throw e;
      }
      return proven(needed);
    }
  }

  private Slab proven(long bytes) {
    Slab slab = maker.apply(bytes);
    int end = Math.toIntExact(slab.bytes() - Integer.BYTES);
    try {
      word(true, slab, Slab.RESERVED, PATTERN);
      word(true, slab, end, ~PATTERN);
      if (word(false, slab, Slab.RESERVED, 0) == PATTERN && word(false, slab, end, 0) == ~PATTERN) {
        return pool.count(slab);
      }
    } catch (DeviceException e) {
      throw Failures.of(refused(bytes), ADVICE, e);
    }
    throw new DeviceException("tornado: " + refused(bytes) + ": they do not keep what is written to them; " + ADVICE, "out of memory", false);
  }

  private String refused(long bytes) {
    return device.getDeviceName() + " has no memory for another " + bytes + " bytes beside the " + pool.bytes() + " taken";
  }

  /** Writes or reads a word of a slab. */
  private int word(boolean up, Slab slab, int at, int value) {
    Pool.Way way = new Pool.Way(up, Integer.BYTES, PROOF);
    Window window = pool.window(way);
    try {
      window.staged().set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
      window.carry(slab, at, Integer.BYTES);
      return window.staged().get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    } finally {
      pool.give(way, window);
    }
  }

  private TornadoMemory take(int slab, long at, long gap, long size, long bytes) {
    free.get(slab).remove(at);
    if (gap > size) {
      free.get(slab).put(at + size, gap - size);
    }
    return new TornadoMemory(this, slab, Math.toIntExact(at), size, bytes);
  }

  /** Takes memory back. */
  synchronized void free(int slab, long at, long size) {
    if (free.isEmpty()) {
      return;
    }
    TreeMap<Long, Long> gaps = free.get(slab);
    long from = at;
    long to = at + size;
    var before = gaps.floorEntry(at);
    if (before != null && before.getKey() + before.getValue() == at) {
      from = before.getKey();
    }
    Long after = gaps.remove(to);
    gaps.put(from, to + (after == null ? 0 : after) - from);
  }

  @Override
  public void close() {
    synchronized (pool) {
      synchronized (this) {
        pool.give(slabs);
        slabs.clear();
        free.clear();
      }
    }
  }
}
