package dev.gatun.tornado;

import dev.gatun.DeviceException;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Move;
import dev.gatun.tornado.kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * A device of TornadoVM's: its memory, the graphs made for it, and the copies to and from it. TornadoVM gives every execution plan a queue of its own and tells
 * nothing of the order between them, so one thing runs at a time, to its end: the device's pool is locked meanwhile.
 */
final class Machine implements AutoCloseable {
  private static final int SMALL = 1 << 12;
  private static final int MIDDLE = 1 << 18;
  private static final int LARGE = 1 << 24;
  private static final int COPY_LOCAL = 64;

  private static final AtomicInteger GRAPHS = new AtomicInteger();

  private final TornadoDevice device;
  private final Pool pool;
  private final Slabs slabs;
  private final long mostItems;

  Machine(TornadoDevice device) {
    this.device = device;
    this.pool = Pool.of(device);
    this.slabs = new Slabs(device);
    this.mostItems = mostItems(device);
  }

  /** The most items of a work-group along x. Of a group that is larger, TornadoVM's drivers choose another size themselves. */
  static long mostItems(TornadoDevice device) {
    int whole = device.getPhysicalDevice().getMaxThreadsPerBlock();
    long along = device.getDeviceMaxWorkgroupDimensions()[0];
    return Math.max(1, whole > 0 ? Math.min(whole, along) : along);
  }

  /** TornadoVM's own view of it. */
  TornadoDevice device() {
    return device;
  }

  /** New memory. */
  TornadoMemory allocate(long bytes) {
    return slabs.allocate(bytes);
  }

  /** A graph for launches, bound to them: one that is idle, or a new one, which TornadoVM compiles. */
  Graph graph(List<Launch> launches) {
    for (Launch launch : launches) {
      if (launch.grid().local() > mostItems) {
        throw new DeviceException("tornado: " + launch.kernel().name() + " wants work-groups of " + launch.grid().local() + " items; " + device.getDeviceName()
            + " has at most " + mostItems, "work-group size", false);
      }
    }
    synchronized (pool) {
      String signature = Graph.signature(launches);
      Graph graph = pool.graph(signature, () -> compiled(launches));
      try {
        graph.bind(launches, slabs::slab);
      } catch (VirtualMachineError e) {
        throw e;
      } catch (RuntimeException | Error e) {
        throw Failures.of("giving memory to " + signature.strip() + " failed on " + device.getDeviceName(), "", e);
      }
      return graph;
    }
  }

  private Graph compiled(List<Launch> launches) {
    String name = "gatun" + GRAPHS.getAndIncrement();
    try {
      return new Graph(device, name, launches);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw Failures.ofCompiling(device.getDeviceName(), name, launches.stream().map(launch -> launch.kernel().name()).toList(), e);
    }
  }

  /** Runs a graph once, to its end. */
  void run(Graph graph, Supplier<String> what) {
    synchronized (pool) {
      graph.run(what);
    }
  }

  /** Takes a graph back, for other launches of its signature. */
  void giveBack(Graph graph, List<Launch> launches) {
    pool.give(Graph.signature(launches), graph);
  }

  /** Copies bytes; either side may be the host's. */
  void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    synchronized (pool) {
      copied(from, fromOffset, to, toOffset, bytes);
    }
  }

  private void copied(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    switch (from) {
      case TornadoMemory source when to instanceof TornadoMemory target -> within(source.place(fromOffset), target.place(toOffset), bytes);
      case TornadoMemory source -> carry(false, source.place(fromOffset), host(to).asSlice(toOffset, bytes));
      default -> {
        if (to instanceof TornadoMemory target) {
          carry(true, target.place(toOffset), host(from).asSlice(fromOffset, bytes));
        } else {
          MemorySegment.copy(host(from), fromOffset, host(to), toOffset, bytes);
        }
      }
    }
  }

  private static MemorySegment host(DeviceMemory memory) {
    return memory.host().orElseThrow(() -> new IllegalStateException("memory of another device"));
  }

  private void within(Place from, Place to, long bytes) {
    int unit = from.offset() % Integer.BYTES == 0 && to.offset() % Integer.BYTES == 0 && bytes % Integer.BYTES == 0 ? Integer.BYTES : 1;
    List<Launch> launch = List.of(Launch.of(unit == 1 ? Move.BYTES : Move.WORDS).integers(bytes / unit, from.offset() / unit, to.offset() / unit)
        .memory(from).memory(to).over(Grid.items(bytes / unit, COPY_LOCAL)));
    Graph graph = graph(launch);
    try {
      graph.run(() -> "a copy of " + bytes + " bytes");
    } finally {
      giveBack(graph, launch);
    }
  }

  private void carry(boolean up, Place place, MemorySegment host) {
    long done = 0;
    while (done < host.byteSize()) {
      long left = host.byteSize() - done;
      int at = Math.toIntExact(place.offset() + done);
      int unit = at % Integer.BYTES == 0 && left >= Integer.BYTES ? Integer.BYTES : 1;
      int size = left <= SMALL ? SMALL : left <= MIDDLE ? MIDDLE : LARGE;
      int count = (int) Math.min(left / unit * unit, size);
      Pool.Way way = new Pool.Way(up, unit, size);
      Window window = pool.window(way);
      try {
        if (up) {
          MemorySegment.copy(host, done, window.staged(), 0, count);
        }
        window.carry(slabs.slab(place.slab()), at, count);
        if (!up) {
          MemorySegment.copy(window.staged(), 0, host, done, count);
        }
      } finally {
        pool.give(way, window);
      }
      done += count;
    }
  }

  @Override
  public void close() {
    slabs.close();
  }
}
