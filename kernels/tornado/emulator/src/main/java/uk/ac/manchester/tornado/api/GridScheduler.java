package uk.ac.manchester.tornado.api;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which grid runs which task; a task is named {@code graph.task}. */
public class GridScheduler {
  private final Map<String, WorkerGrid> grids = new ConcurrentHashMap<>();

  /** No grid yet. */
  public GridScheduler() {}

  /** One task's grid. */
  public GridScheduler(String taskName, WorkerGrid workerGrid) {
    grids.put(taskName, workerGrid);
  }

  /** Gives the task {@code graph.task} its grid. */
  public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {
    grids.put(taskName, workerGrid);
  }

  /** The grid of {@code graph.task}, or null. */
  public WorkerGrid get(String taskName) {
    return grids.get(taskName);
  }

  /** Whether the task of the graph has a grid. */
  public boolean contains(String taskScheduleName, String taskName) {
    return grids.containsKey(taskScheduleName + "." + taskName);
  }

  /** The tasks that have a grid. */
  public Set<String> keySet() {
    return grids.keySet();
  }

  @Override
  public String toString() {
    return grids.keySet().toString();
  }
}
