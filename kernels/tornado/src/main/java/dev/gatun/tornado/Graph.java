package dev.gatun.tornado;

import dev.gatun.tornado.kernel.Arguments;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Mark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A list of kernels as one task graph, compiled by TornadoVM when it is made, and replayed with the memory, numbers and grids that it is bound to. The compiled code
 * depends on the kernels alone, since all numbers are read from memory; a graph that is no longer needed therefore serves other launches of the same signature.
 *
 * <p>A run counts once every kernel has left its {@link Mark} in the integers, which come back to the host: TornadoVM does not tell of a launch that failed.
 */
final class Graph {
  private static final int POWERS = 256;
  private static final int BIAS = 127;

  /**
   * A small array of the graph's own that stands for a piece of device memory; {@code memory} counts the pieces in the order of their first use, {@code turn}
   * how often the task has it already. No task is given one array twice: where it writes to one that comes again, TornadoVM makes it wait for itself.
   */
  private record Handle(int memory, Class<? extends TornadoNativeArray> type, int turn) {}

  private final TornadoDevice device;
  private final String name;
  private final IntArray integers;
  private final FloatArray floats;
  private final Map<Handle, TornadoNativeArray> handles = new LinkedHashMap<>();
  private final List<WorkerGrid> grids = new ArrayList<>();
  private final ImmutableTaskGraph graph;
  private final TornadoExecutionPlan plan;
  private final Map<Slab, TornadoExecutionPlan> links = new HashMap<>();
  private final Map<Handle, Slab> mapped = new HashMap<>();
  private final List<String> kernels;
  private final int[] starts;
  private int runs;
  private boolean settled;
  private boolean failed;

  /** A graph for launches like these; {@link #bind} comes before the first run. */
  Graph(TornadoDevice device, String name, List<Launch> launches) {
    this.device = device;
    this.name = name;
    this.kernels = launches.stream().map(launch -> launch.kernel().name()).toList();
    this.starts = new int[launches.size()];
    int entries = Mark.RUN + 1;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = entries + 1;
      entries = starts[i] + launches.get(i).entries();
    }
    this.integers = new IntArray(entries);
    this.floats = new FloatArray(entries);
    List<Integer> pieces = pieces(launches);
    FloatArray powers = powers();
    TaskGraph tasks = new TaskGraph(name).transferToDevice(DataTransferMode.EVERY_EXECUTION, integers, floats)
        .transferToDevice(DataTransferMode.FIRST_EXECUTION, powers);
    GridScheduler scheduler = new GridScheduler();
    for (int i = 0; i < launches.size(); i++) {
      Launch launch = launches.get(i);
      IntArray at = new IntArray(1);
      at.set(0, starts[i]);
      List<Integer> memory = launch.places().stream().map(place -> pieces.indexOf(place.slab())).toList();
      launch.kernel().task().add(tasks, "t" + i, new Slots(memory, at, powers));
      Sketches.await();
      tasks.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
      WorkerGrid grid = new WorkerGrid3D(1, 1, 1);
      set(grid, launch.grid());
      grids.add(grid);
      scheduler.addWorkerGrid(name + ".t" + i, grid);
    }
    handles.values().forEach(handle -> tasks.transferToDevice(DataTransferMode.FIRST_EXECUTION, handle));
    tasks.transferToHost(DataTransferMode.EVERY_EXECUTION, integers);
    this.graph = tasks.snapshot();
    this.plan = new TornadoExecutionPlan(graph).withDevice(device).withGridScheduler(scheduler);
    plan.withPreCompilation();
  }

  /** What two lists of launches must share to be run by the same graph: their kernels, and which operands lie in the same memory. */
  static String signature(List<Launch> launches) {
    List<Integer> pieces = pieces(launches);
    StringBuilder text = new StringBuilder();
    for (Launch launch : launches) {
      text.append(launch.kernel().name()).append('/').append(launch.entries());
      launch.places().forEach(place -> text.append(':').append(pieces.indexOf(place.slab())));
      text.append(' ');
    }
    return text.toString();
  }

  /** The slabs that the launches touch, in the order of their first use. */
  private static List<Integer> pieces(List<Launch> launches) {
    Set<Integer> pieces = new LinkedHashSet<>();
    launches.forEach(launch -> launch.places().forEach(place -> pieces.add(place.slab())));
    return List.copyOf(pieces);
  }

  private static FloatArray powers() {
    FloatArray powers = new FloatArray(POWERS);
    for (int i = 0; i < POWERS; i++) {
      powers.set(i, (float) Math.scalb(1.0, i - BIAS));
    }
    powers.set(POWERS - 1, Float.POSITIVE_INFINITY);
    return powers;
  }

  private static void set(WorkerGrid grid, Grid wanted) {
    grid.setGlobalWork((long) wanted.x() * wanted.local(), wanted.y(), wanted.z());
    grid.setLocalWork(wanted.local(), 1, 1);
  }

  /** Points the graph at the memory, numbers and grids of launches of its signature. */
  void bind(List<Launch> launches, IntFunction<Slab> slabs) {
    List<Integer> pieces = pieces(launches);
    for (int i = 0; i < launches.size(); i++) {
      Launch launch = launches.get(i);
      int base = starts[i];
      for (int k = 0; k < launch.integers().size(); k++) {
        integers.set(base + k, launch.integers().get(k));
      }
      for (int k = 0; k < launch.floats().size(); k++) {
        floats.set(base + k, launch.floats().get(k));
      }
      set(grids.get(i), launch.grid());
    }
    handles.forEach((handle, array) -> {
      Slab slab = slabs.apply(pieces.get(handle.memory));
      if (mapped.put(handle, slab) != slab) {
        settled = false;
        synchronized (Pool.TORNADO) {
          links.computeIfAbsent(slab, s -> new TornadoExecutionPlan(s.graph(), graph)).mapOnDeviceMemoryRegion(array, slab.array(), 0, 0, 1);
        }
      }
    });
  }

  /** Runs it once, to its end. {@code what} names the program in errors. */
  void run(Supplier<String> what) {
    runs++;
    integers.set(Mark.RUN, runs);
    for (int start : starts) {
      integers.set(start - 1, 0);
    }
    failed = true;
    try {
      if (settled) {
        execute();
      } else {
        synchronized (Pool.TORNADO) {
          execute();
        }
      }
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw Failures.of(what.get() + " failed on " + device.getDeviceName(), "", e);
    }
    List<String> missing = IntStream.range(0, starts.length).filter(i -> integers.get(starts[i] - 1) != runs).mapToObj(kernels::get).distinct().toList();
    if (!missing.isEmpty()) {
      throw Failures.ofLaunching(what.get(), device.getDeviceName(), missing);
    }
    failed = false;
    settled = true;
  }

  private void execute() {
    plan.execute();
    device.sync(plan.getId());
  }

  /** What decides how many items run a task's kernel. */
  WorkerGrid grid(int task) {
    return grids.get(task);
  }

  /** Whether its last run failed, after which nobody else is to have it. */
  boolean failed() {
    return failed;
  }

  /** What one task's kernel is given. */
  private final class Slots implements Arguments {
    private final List<Integer> memory;
    private final IntArray at;
    private final FloatArray powers;
    private final Set<Handle> given = new HashSet<>();
    private final KernelContext context = new KernelContext();

    Slots(List<Integer> memory, IntArray at, FloatArray powers) {
      this.memory = memory;
      this.at = at;
      this.powers = powers;
    }

    @Override
    public KernelContext context() {
      return context;
    }

    @Override
    public IntArray at() {
      return at;
    }

    @Override
    public IntArray integers() {
      return integers;
    }

    @Override
    public FloatArray floatingPoint() {
      return floats;
    }

    @Override
    public FloatArray powers() {
      return powers;
    }

    @Override
    public FloatArray floats(int operand) {
      return handle(operand, FloatArray.class, () -> new FloatArray(1));
    }

    @Override
    public IntArray ints(int operand) {
      return handle(operand, IntArray.class, () -> new IntArray(1));
    }

    @Override
    public ShortArray shorts(int operand) {
      return handle(operand, ShortArray.class, () -> new ShortArray(2));
    }

    @Override
    public ByteArray bytes(int operand) {
      return handle(operand, ByteArray.class, () -> new ByteArray(Integer.BYTES));
    }

    private <A extends TornadoNativeArray> A handle(int operand, Class<A> type, Supplier<A> maker) {
      int turn = 0;
      while (!given.add(new Handle(memory.get(operand), type, turn))) {
        turn++;
      }
      return type.cast(handles.computeIfAbsent(new Handle(memory.get(operand), type, turn), _ -> maker.get()));
    }
  }
}
