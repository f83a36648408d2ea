package dev.gatun.tornado.emulator;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid3D;

/** Plans of one graph whose task is {@code g.t}. */
final class Graphs {
  private Graphs() {}

  static TornadoExecutionPlan line(TaskGraph graph, int global, int local) {
    WorkerGrid grid = new WorkerGrid1D(global);
    grid.setLocalWork(local, 1, 1);
    return on(graph, grid);
  }

  static TornadoExecutionPlan block(TaskGraph graph, int[] global, int[] local) {
    WorkerGrid grid = new WorkerGrid3D(global[0], global[1], global[2]);
    grid.setLocalWork(local[0], local[1], local[2]);
    return on(graph, grid);
  }

  static TornadoExecutionPlan on(TaskGraph graph, WorkerGrid grid) {
    return new TornadoExecutionPlan(graph.snapshot()).withGridScheduler(new GridScheduler("g.t", grid));
  }
}
