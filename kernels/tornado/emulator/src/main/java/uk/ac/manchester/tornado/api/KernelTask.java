package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.Extent.Point;
import uk.ac.manchester.tornado.api.emulation.KernelHabits;
import uk.ac.manchester.tornado.api.emulation.Lockstep;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoTaskRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A task of a graph: a kernel, its arguments, and what its earlier executions told. */
final class KernelTask {
  /** A kernel of any number of arguments. */
  @FunctionalInterface
  interface Kernel {
    void apply(Object[] arguments);
  }

  final String name;
  final List<Object> arguments;
  private final Kernel kernel;
  private final int context;
  private final KernelHabits habits;
  private boolean descending;

  KernelTask(String name, Object code, Kernel kernel, List<Object> arguments) {
    this.name = name;
    this.habits = KernelHabits.of(code);
    this.kernel = kernel;
    this.arguments = arguments;
    int context = -1;
    for (int i = 0; i < arguments.size(); i++) {
      Object argument = arguments.get(i);
      if (argument instanceof KernelContext) {
        if (context >= 0) {
          throw new TornadoTaskRuntimeException(name + " takes two KernelContexts; give it one");
        }
        context = i;
      } else if (!(argument instanceof TornadoNativeArray || scalar(argument))) {
        throw new TornadoTaskRuntimeException("argument " + (i + 1) + " of " + name + " is " + (argument == null ? "null" : "a "
            + argument.getClass().getName()) + "; a kernel takes a KernelContext, native arrays and primitives");
      }
    }
    this.context = context;
  }

  private static boolean scalar(Object argument) {
    return argument instanceof Number && argument.getClass().getName().startsWith("java.lang.") || argument instanceof Boolean
        || argument instanceof Character;
  }

  boolean needsGrid() {
    return context >= 0;
  }

  /** The kernel as plain Java, for loops that are marked parallel. */
  void runPlain(Object[] onDevice) {
    try {
      kernel.apply(onDevice);
    } catch (RuntimeException | StackOverflowError e) {
      throw failed(name, e);
    }
  }

  /** The kernel once for each work-item. */
  void run(Grid grid, Object[] onDevice) {
    descending = !descending;
    Lockstep.run(new Lockstep.Shape(name, grid.groups().count(), grid.local().count(), onDevice.length, descending), habits,
        new OnGrid(grid, onDevice));
  }

  /** The items of one execution. */
  private final class OnGrid implements Lockstep.Items {
    private final Grid grid;
    private final Object[] onDevice;
    private final Point globalSize;
    private final Point localSize;
    private final Point[] items;
    private volatile Group current;

    private OnGrid(Grid grid, Object[] onDevice) {
      this.grid = grid;
      this.onDevice = onDevice;
      this.globalSize = grid.global().size();
      this.localSize = grid.local().size();
      this.items = new Point[grid.local().count()];
      Arrays.setAll(items, grid.local()::point);
    }

    @Override
    public Object[] arguments() {
      return onDevice.clone();
    }

    @Override
    public void enter(Object[] arguments, Lockstep lockstep, int group, int item) {
      Group at = current;
      if (at == null || at.number != group) {
        at = new Group(group, grid.groups().point(group));
        current = at;
      }
      arguments[context] = new KernelContext(globalSize, localSize, at.place, items[item], item, lockstep);
    }

    @Override
    public void apply(Object[] arguments) {
      kernel.apply(arguments);
    }

    @Override
    public RuntimeException failed(int group, int item, Throwable cause) {
      return KernelTask.failed(name + " at work-item " + grid.item(group, item) + " of group " + groupName(group), cause);
    }

    @Override
    public String groupName(int group) {
      return grid.groups().at(group);
    }
  }

  private record Group(int number, Point place) {}

  private static TornadoRuntimeException failed(String where, Throwable cause) {
    TornadoRuntimeException failure = new TornadoRuntimeException(where + " failed: " + cause);
    failure.initCause(cause);
    return failure;
  }
}
