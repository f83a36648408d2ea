package uk.ac.manchester.tornado.api;

/** A line of work-items. */
public class WorkerGrid1D extends AbstractWorkerGrid {
  /** How many dimensions the grid has. */
  public static final int DIM = 1;

  /** So many work-items. */
  public WorkerGrid1D(int x) {
    super(x, 1, 1);
  }

  @Override
  public int dimension() {
    return DIM;
  }
}
