package uk.ac.manchester.tornado.api;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Runs task graphs; what the graphs have on the device is theirs, and stays when another plan runs them. */
public class TornadoExecutionPlan implements AutoCloseable {
  private static final AtomicLong PLANS = new AtomicLong();

  private final long id = PLANS.incrementAndGet();
  private final List<ImmutableTaskGraph> graphs;
  private List<ImmutableTaskGraph> selected;
  private GridScheduler grids;

  /** A plan of all these graphs, which run in this order. */
  public TornadoExecutionPlan(ImmutableTaskGraph... graphs) {
    this.graphs = List.of(graphs);
    this.selected = this.graphs;
  }

  /** The device of this backend and number. */
  public static TornadoDevice getDevice(int backend, int device) {
    return TornadoRuntimeProvider.getTornadoRuntime().getBackend(backend).getDevice(device);
  }

  /** Runs the selected graphs, and returns when they have ended. */
  public TornadoExecutionResult execute() {
    selected.forEach(graph -> graph.execute(grids));
    return new TornadoExecutionResult(graphs);
  }

  /** Selects one graph. */
  public TornadoExecutionPlan withGraph(int graphIndex) {
    selected = List.of(graph(graphIndex));
    return this;
  }

  /** Selects all graphs. */
  public TornadoExecutionPlan withAllGraphs() {
    selected = graphs;
    return this;
  }

  /** Checks the selected graphs' tasks, which a device would compile here. */
  public TornadoExecutionPlan withPreCompilation() {
    selected.forEach(graph -> graph.check(grids));
    return this;
  }

  /** Runs on this device; there is one alone. */
  public TornadoExecutionPlan withDevice(TornadoDevice device) {
    if (device != getDevice(0, 0)) {
      throw new TornadoRuntimeException("the emulator has one device, 0:0, and is given " + device);
    }
    return this;
  }

  /** Takes the tasks' grids from here. */
  public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
    if (gridScheduler.keySet().stream().noneMatch(task -> graphs.stream().anyMatch(graph -> graph.knows(task)))) {
      throw new TornadoRuntimeException("the GridScheduler names " + gridScheduler.keySet()
          + " and no task of this plan; a task's name is graph.task");
    }
    grids = gridScheduler;
    return this;
  }

  /** The device that a graph runs on. */
  public TornadoDevice getDevice(int immutableTaskGraphIndex) {
    graph(immutableTaskGraphIndex);
    return getDevice(0, 0);
  }

  /** The plan's number. */
  public long getId() {
    return id;
  }

  /** How many bytes the graphs have on the device. */
  public long getCurrentDeviceMemoryUsage() {
    return graphs.stream().mapToLong(graph -> graph.memory.bytes()).sum();
  }

  /** Frees what the graphs have on the device. */
  public TornadoExecutionPlan freeDeviceMemory() {
    graphs.forEach(graph -> graph.memory.free());
    return this;
  }

  /** As {@link #freeDeviceMemory()}, since the emulator keeps no compiled code. */
  public TornadoExecutionPlan resetDevice() {
    return freeDeviceMemory();
  }

  /**
   * Makes the storage of {@code srcTornadoArray} in one graph the storage of {@code destTornadoArray} in another, whatever the sizes and
   * element types. Where the destination is still to be uploaded once, that goes to the start of the common storage.
   */
  public void mapOnDeviceMemoryRegion(Object destTornadoArray, Object srcTornadoArray, long offset, int fromGraphIndex, int toGraphIndex) {
    if (offset != 0) {
      throw new TornadoRuntimeException("mapOnDeviceMemoryRegion is given the offset " + offset + "; the emulator maps at 0 alone");
    }
    if (!(destTornadoArray instanceof TornadoNativeArray dest) || !(srcTornadoArray instanceof TornadoNativeArray source)) {
      throw new TornadoRuntimeException("mapOnDeviceMemoryRegion takes native arrays, not " + destTornadoArray + " and " + srcTornadoArray);
    }
    graph(toGraphIndex).memory.map(dest, graph(fromGraphIndex).memory, source);
  }

  private ImmutableTaskGraph graph(int index) {
    if (index < 0 || index >= graphs.size()) {
      throw new TornadoRuntimeException("the plan has " + graphs.size() + " graphs, and none is number " + index);
    }
    return graphs.get(index);
  }

  @Override
  public void close() throws TornadoExecutionPlanException {
    freeDeviceMemory();
  }
}
