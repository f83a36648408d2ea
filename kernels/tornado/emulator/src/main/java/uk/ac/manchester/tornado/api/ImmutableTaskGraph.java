package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.emulation.DeviceMemory;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoTaskRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A task graph that does not change any more, and what it has on the device. */
public class ImmutableTaskGraph {
  final DeviceMemory memory = new DeviceMemory();
  private final String name;
  private final List<TaskGraph.Transfer> toDevice;
  private final List<KernelTask> tasks;
  private final List<TaskGraph.Transfer> toHost;

  ImmutableTaskGraph(String name, List<TaskGraph.Transfer> toDevice, List<KernelTask> tasks, List<TaskGraph.Transfer> toHost) {
    this.name = name;
    this.toDevice = toDevice;
    this.tasks = tasks;
    this.toHost = toHost;
  }

  boolean knows(String task) {
    return tasks.stream().anyMatch(t -> t.name.equals(task));
  }

  /** Every array argument is transferred one way or the other, as TornadoVM demands, and every task that needs one has a grid. */
  void check(GridScheduler grids) {
    if (tasks.isEmpty()) {
      throw new TornadoRuntimeException("graph " + name + " has no task");
    }
    for (KernelTask task : tasks) {
      for (int i = 0; i < task.arguments.size(); i++) {
        if (task.arguments.get(i) instanceof TornadoNativeArray array && !transfers(toDevice, array) && !transfers(toHost, array)) {
          throw new TornadoTaskRuntimeException("argument " + (i + 1) + " of " + task.name
              + " is in no transferToDevice and no transferToHost; name it in one, UNDER_DEMAND where nothing is to be copied");
        }
      }
      if (task.needsGrid()) {
        if (grids == null || grids.get(task.name) == null) {
          throw new TornadoRuntimeException(task.name
              + " takes a KernelContext and has no WorkerGrid; add one to the GridScheduler under this name");
        }
        Grid.of(task.name, grids.get(task.name));
      }
    }
  }

  private static boolean transfers(List<TaskGraph.Transfer> list, TornadoNativeArray array) {
    return list.stream().anyMatch(t -> t.array() == array);
  }

  void execute(GridScheduler grids) {
    check(grids);
    for (TaskGraph.Transfer transfer : toDevice) {
      if (transfer.mode() != DataTransferMode.UNDER_DEMAND) {
        memory.upload(transfer.array(), transfer.mode() == DataTransferMode.EVERY_EXECUTION);
      }
    }
    for (KernelTask task : tasks) {
      Object[] onDevice = task.arguments.stream().map(a -> a instanceof TornadoNativeArray array ? memory.onDevice(array) : a).toArray();
      if (task.needsGrid()) {
        task.run(Grid.of(task.name, grids.get(task.name)), onDevice);
      } else {
        task.runPlain(onDevice);
      }
    }
    for (TaskGraph.Transfer transfer : toHost) {
      if (transfer.mode() != DataTransferMode.UNDER_DEMAND) {
        memory.download(transfer.array());
      }
    }
  }
}
