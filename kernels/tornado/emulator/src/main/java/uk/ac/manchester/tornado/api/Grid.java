package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.emulation.EmulatedDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The work-items of one execution of a task. */
record Grid(Extent global, Extent local, Extent groups) {
  private static final int CHOSEN = 64;

  /** The grid that {@code worker} asks for as it stands now. */
  static Grid of(String task, WorkerGrid worker) {
    long[] global = worker.getGlobalWork();
    long[] local = worker.getLocalWork() == null ? new long[] {chosen(global[0]), 1, 1} : worker.getLocalWork();
    long items = 1;
    for (int d = 0; d < 3; d++) {
      if (global[d] < 1 || local[d] < 1 || global[d] % local[d] != 0) {
        throw new TornadoRuntimeException(task + " asks for " + Arrays.toString(global) + " work-items in groups of "
            + Arrays.toString(local) + "; both must be positive and the first a multiple of the second");
      }
      items *= local[d];
    }
    if (items > EmulatedDevice.MAX_GROUP) {
      throw new TornadoRuntimeException(task + " asks for groups of " + Arrays.toString(local) + " work-items; the device runs at most "
          + EmulatedDevice.MAX_GROUP + " in one");
    }
    if (Arrays.stream(worker.getGlobalOffset()).anyMatch(offset -> offset != 0)) {
      throw new TornadoRuntimeException(task + " asks for work-items from " + Arrays.toString(worker.getGlobalOffset())
          + " on; the emulator's start at 0");
    }
    long[] groups = {global[0] / local[0], global[1] / local[1], global[2] / local[2]};
    return new Grid(Extent.of(global), Extent.of(local), Extent.of(groups));
  }

  private static long chosen(long items) {
    long size = Math.clamp(items, 1, CHOSEN);
    while (items % size != 0) {
      size--;
    }
    return size;
  }

  String item(int group, int item) {
    return Arrays.toString(new int[] {groups.x(group) * local.x() + local.x(item), groups.y(group) * local.y() + local.y(item),
        groups.z(group) * local.z() + local.z(item)});
  }
}
