package dev.gatun.tornado;

import dev.gatun.DeviceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Cuts buffers from slabs: first fit, freed neighbours joined. A slab is made when no other has room, each larger than the last. Those of a device that is closed
 * serve it when it is opened again.
 */
final class Slabs implements AutoCloseable {
  /** What every buffer starts at a multiple of. */
  static final int ALIGNMENT = 256;

  /** Kernels count bytes in an int. */
  static final long MOST = Integer.MAX_VALUE / ALIGNMENT * (long) ALIGNMENT;

  private static final long FIRST = 64L << 20;
  private static final long LARGEST_GROWTH = 1L << 30;

  private static final Map<TornadoDevice, List<Slab>> LEFT = new HashMap<>();

  private final TornadoDevice device;
  private final long most;
  private final List<Slab> slabs = new ArrayList<>();
  private final List<TreeMap<Long, Long>> free = new ArrayList<>();

  Slabs(TornadoDevice device) {
    this.device = device;
    long one = device.getMaxAllocMemory() / ALIGNMENT * ALIGNMENT;
    this.most = one > 0 ? Math.min(MOST, one - ALIGNMENT) : MOST;
  }

  /** A slab by its number. */
  synchronized Slab slab(int number) {
    return slabs.get(number);
  }

  /** New memory. @throws DeviceException if the device has no more */
  synchronized TornadoMemory allocate(long bytes) {
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
    long growth = Math.min(LARGEST_GROWTH, FIRST << Math.min(8, slabs.size()));
    Slab added = left(size + Slab.RESERVED).orElseGet(() -> new Slab(device, Math.min(most, Math.max(growth, size + Slab.RESERVED))));
    slabs.add(added);
    free.add(new TreeMap<>());
    return take(slabs.size() - 1, Slab.RESERVED, added.bytes() - Slab.RESERVED, size, bytes);
  }

  private Optional<Slab> left(long bytes) {
    synchronized (LEFT) {
      List<Slab> candidates = LEFT.getOrDefault(device, List.of());
      Optional<Slab> found = candidates.stream().filter(slab -> slab.bytes() >= bytes).min(Comparator.comparingLong(Slab::bytes));
      found.ifPresent(candidates::remove);
      return found;
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
  public synchronized void close() {
    synchronized (LEFT) {
      LEFT.computeIfAbsent(device, _ -> new ArrayList<>()).addAll(slabs);
    }
    slabs.clear();
    free.clear();
  }
}
