package dev.gatun.tornado;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * What was made on a device and waits for its next use: slabs, windows and graphs. TornadoVM gives back neither the memory nor the code of any of them, so a device
 * that is closed and opened again gets what it had. Every use of the device happens with its pool locked, so that one thing runs at a time, to its end, whichever
 * backend asks.
 */
final class Pool {
  /** Held while TornadoVM builds, compiles or maps something, or first runs it: what all its graphs share is not made for several threads. */
  static final Object TORNADO = new Object();

  private static final Map<TornadoDevice, Pool> POOLS = new HashMap<>();

  /** What windows differ in. */
  record Way(boolean up, int unit, int bytes) {}

  private final TornadoDevice device;
  private final List<Slab> slabs = new ArrayList<>();
  private final Map<Way, Deque<Window>> windows = new HashMap<>();
  private final Map<String, Deque<Graph>> graphs = new HashMap<>();
  private long bytes;
  private int made;

  private Pool(TornadoDevice device) {
    this.device = device;
  }

  /** A device's pool, as long as the process lives. */
  static Pool of(TornadoDevice device) {
    synchronized (POOLS) {
      return POOLS.computeIfAbsent(device, Pool::new);
    }
  }

  /** The device. */
  TornadoDevice device() {
    return device;
  }

  /** Bytes of all slabs of the device, in use or not. */
  synchronized long bytes() {
    return bytes;
  }

  /** How many slabs, windows and graphs were ever made. */
  synchronized int made() {
    return made;
  }

  /** A slab of at least so many bytes that nobody uses, the smallest. */
  synchronized Optional<Slab> slab(long least) {
    Optional<Slab> found = slabs.stream().filter(slab -> slab.bytes() >= least).min(Comparator.comparingLong(Slab::bytes));
    found.ifPresent(slabs::remove);
    return found;
  }

  /** Counts a slab that was made. */
  synchronized Slab count(Slab slab) {
    bytes += slab.bytes();
    made++;
    return slab;
  }

  /** Takes slabs back. */
  synchronized void give(List<Slab> unused) {
    slabs.addAll(unused);
  }

  /** A window, to be given back. */
  synchronized Window window(Way way) {
    return waiting(windows, way, () -> new Window(device, way));
  }

  /** Takes a window back, unless it failed. */
  synchronized void give(Way way, Window window) {
    if (!window.failed()) {
      windows.computeIfAbsent(way, _ -> new ArrayDeque<>()).push(window);
    }
  }

  /** A graph of a signature, to be given back; {@code compiled} makes one where none waits. */
  synchronized Graph graph(String signature, Supplier<Graph> compiled) {
    return waiting(graphs, signature, compiled);
  }

  /** Takes a graph back, unless it failed. */
  synchronized void give(String signature, Graph graph) {
    if (!graph.failed()) {
      graphs.computeIfAbsent(signature, _ -> new ArrayDeque<>()).push(graph);
    }
  }

  private <K, V> V waiting(Map<K, Deque<V>> all, K key, Supplier<V> maker) {
    Deque<V> some = all.get(key);
    if (some != null && !some.isEmpty()) {
      return some.pop();
    }
    synchronized (TORNADO) {
      V one = maker.get();
      made++;
      return one;
    }
  }
}
