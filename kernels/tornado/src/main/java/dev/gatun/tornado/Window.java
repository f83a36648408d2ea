package dev.gatun.tornado;

import dev.gatun.tornado.kernel.Arguments;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Mark;
import dev.gatun.tornado.kernel.Move;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A way between the host and slabs: an array that TornadoVM transfers as a whole, and a kernel that copies as much of it as is wanted between it and the place in a
 * slab, since TornadoVM itself writes no part of an array.
 */
final class Window {
  private static final int LOCAL = 64;
  private static final int MARK = Mark.RUN + 1;
  private static final int START = MARK + 1;
  private static final int ENTRIES = START + 3;
  private static final AtomicInteger MADE = new AtomicInteger();

  private final TornadoDevice device;
  private final boolean up;
  private final int unit;
  private final TornadoNativeArray staged;
  private final TornadoNativeArray handle;
  private final IntArray numbers = new IntArray(ENTRIES);
  private final WorkerGrid grid = new WorkerGrid1D(LOCAL);
  private final ImmutableTaskGraph graph;
  private final TornadoExecutionPlan plan;
  private final Kernel kernel;
  private final Map<Slab, TornadoExecutionPlan> links = new HashMap<>();
  private Slab mapped;
  private int runs;
  private boolean failed;

  /** A window: whether it carries from the host, 1 or 4 bytes copied by a work-item, and how much it carries at a time. */
  Window(TornadoDevice device, Pool.Way way) {
    this.device = device;
    this.up = way.up();
    this.unit = way.unit();
    int bytes = way.bytes();
    this.staged = unit == 1 ? new ByteArray(bytes) : new IntArray(bytes / Integer.BYTES);
    this.handle = unit == 1 ? new ByteArray(Integer.BYTES) : new IntArray(1);
    String name = "gatun" + (up ? "Up" : "Down") + unit + "x" + bytes + "n" + MADE.getAndIncrement();
    TaskGraph tasks = new TaskGraph(name).transferToDevice(DataTransferMode.EVERY_EXECUTION, numbers);
    FloatArray unused = new FloatArray(1);
    IntArray at = new IntArray(1);
    at.set(0, START);
    tasks.transferToDevice(DataTransferMode.FIRST_EXECUTION, at, unused, handle);
    if (up) {
      tasks.transferToDevice(DataTransferMode.EVERY_EXECUTION, staged);
    }
    this.kernel = unit == 1 ? Move.BYTES : Move.WORDS;
    kernel.task().add(tasks, "t", new Ends(at, unused));
    Sketches.await();
    tasks.transferToHost(DataTransferMode.EVERY_EXECUTION, numbers);
    if (!up) {
      tasks.transferToHost(DataTransferMode.EVERY_EXECUTION, staged);
    }
    grid.setLocalWork(LOCAL, 1, 1);
    this.graph = tasks.snapshot();
    this.plan = new TornadoExecutionPlan(graph).withDevice(device).withGridScheduler(new GridScheduler(name + ".t", grid));
  }

  /** Its own array's bytes, on the host. */
  MemorySegment staged() {
    return staged.getSegment();
  }

  /** Carries {@code count} bytes, a multiple of the unit, between the start of {@link #staged()} and byte {@code at} of a slab. */
  void carry(Slab slab, int at, int count) {
    int n = count / unit;
    runs++;
    numbers.set(Mark.RUN, runs);
    numbers.set(MARK, 0);
    numbers.set(START, n);
    numbers.set(START + 1, up ? 0 : at / unit);
    numbers.set(START + 2, up ? at / unit : 0);
    grid.setGlobalWork(Math.ceilDiv(n, LOCAL) * (long) LOCAL, 1, 1);
    String what = "copying " + count + " bytes " + (up ? "to " : "from ") + device.getDeviceName();
    failed = true;
    try {
      if (mapped == slab) {
        execute();
      } else {
        synchronized (Pool.TORNADO) {
          links.computeIfAbsent(slab, s -> new TornadoExecutionPlan(s.graph(), graph)).mapOnDeviceMemoryRegion(handle, slab.array(), 0, 0, 1);
          execute();
        }
        mapped = slab;
      }
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw Failures.of(what + " failed", "", e);
    }
    if (numbers.get(MARK) != runs) {
      throw Failures.ofLaunching(what, device.getDeviceName(), List.of(kernel.name()));
    }
    failed = false;
  }

  private void execute() {
    plan.execute();
    device.sync(plan.getId());
  }

  /** Whether its last carrying failed, after which nobody else is to have it. */
  boolean failed() {
    return failed;
  }

  /** The kernel's two operands: the array that is transferred, and the slab. */
  private final class Ends implements Arguments {
    private final IntArray at;
    private final FloatArray unused;

    Ends(IntArray at, FloatArray unused) {
      this.at = at;
      this.unused = unused;
    }

    @Override
    public KernelContext context() {
      return new KernelContext();
    }

    @Override
    public IntArray at() {
      return at;
    }

    @Override
    public IntArray integers() {
      return numbers;
    }

    @Override
    public FloatArray floatingPoint() {
      return unused;
    }

    @Override
    public FloatArray powers() {
      throw new UnsupportedOperationException("a copy needs no powers of two");
    }

    @Override
    public FloatArray floats(int operand) {
      throw new UnsupportedOperationException("a copy reads no floats");
    }

    @Override
    public IntArray ints(int operand) {
      return (IntArray) end(operand);
    }

    @Override
    public ShortArray shorts(int operand) {
      throw new UnsupportedOperationException("a copy reads no shorts");
    }

    @Override
    public ByteArray bytes(int operand) {
      return (ByteArray) end(operand);
    }

    private TornadoNativeArray end(int operand) {
      return operand == 0 == up ? staged : handle;
    }
  }
}
