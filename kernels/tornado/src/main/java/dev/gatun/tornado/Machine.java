package dev.gatun.tornado;

import dev.gatun.spi.DeviceMemory;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Move;
import dev.gatun.tornado.kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * A device of TornadoVM's: its memory, the graphs made for it, and the copies to and from it. TornadoVM gives every execution plan a queue of its own and tells
 * nothing of the order between them, so one thing runs at a time, to its end.
 */
final class Machine implements AutoCloseable {
  private static final int SMALL = 1 << 12;
  private static final int MIDDLE = 1 << 18;
  private static final int LARGE = 1 << 24;
  private static final int COPY_LOCAL = 64;

  private record Way(boolean up, int unit, int bytes) {}

  private final TornadoDevice device;
  private final Slabs slabs;
  private final Map<Way, Window> windows = new HashMap<>();
  private final Map<String, Deque<Graph>> idle = new HashMap<>();
  private int graphs;

  Machine(TornadoDevice device) {
    this.device = device;
    this.slabs = new Slabs(device);
  }

  /** TornadoVM's own view of it. */
  TornadoDevice device() {
    return device;
  }

  /** New memory. */
  synchronized TornadoMemory allocate(long bytes) {
    return slabs.allocate(bytes);
  }

  /** A graph for launches, bound to them: one that is idle, or a new one, which TornadoVM compiles. */
  synchronized Graph graph(List<Launch> launches) {
    Deque<Graph> waiting = idle.get(Graph.signature(launches));
    Graph graph = waiting == null || waiting.isEmpty() ? compiled(launches) : waiting.pop();
    graph.bind(launches, slabs::slab);
    return graph;
  }

  private Graph compiled(List<Launch> launches) {
    String name = "gatun" + graphs++;
    try {
      return new Graph(device, name, launches);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw Failures.ofCompiling(device.getDeviceName(), name, launches.stream().map(launch -> launch.kernel().name()).toList(), e);
    }
  }

  /** Runs a graph once, to its end. */
  synchronized void run(Graph graph, Supplier<String> what) {
    graph.run(what);
  }

  /** Takes a graph back, for other launches of its signature. */
  synchronized void giveBack(Graph graph, List<Launch> launches) {
    idle.computeIfAbsent(Graph.signature(launches), _ -> new ArrayDeque<>()).push(graph);
  }

  /** Copies bytes; either side may be the host's. */
  synchronized void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
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
    graph.run(() -> "a copy of " + bytes + " bytes");
    giveBack(graph, launch);
  }

  private void carry(boolean up, Place place, MemorySegment host) {
    long done = 0;
    while (done < host.byteSize()) {
      long left = host.byteSize() - done;
      int at = Math.toIntExact(place.offset() + done);
      int unit = at % Integer.BYTES == 0 && left >= Integer.BYTES ? Integer.BYTES : 1;
      int size = left <= SMALL ? SMALL : left <= MIDDLE ? MIDDLE : LARGE;
      Window window = windows.computeIfAbsent(new Way(up, unit, size), w -> new Window(device, w.up, w.unit, w.bytes));
      int count = (int) Math.min(left / unit * unit, size);
      if (up) {
        MemorySegment.copy(host, done, window.staged(), 0, count);
      }
      window.carry(slabs.slab(place.slab()), at, count);
      if (!up) {
        MemorySegment.copy(window.staged(), 0, host, done, count);
      }
      done += count;
    }
  }

  @Override
  public synchronized void close() {
    idle.clear();
    windows.clear();
    slabs.close();
  }
}
