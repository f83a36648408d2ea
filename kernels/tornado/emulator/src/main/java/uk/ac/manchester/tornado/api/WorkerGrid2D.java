package uk.ac.manchester.tornado.api;

/** A plane of work-items. */
public class WorkerGrid2D extends AbstractWorkerGrid {
  /** How many dimensions the grid has. */
  public static final int DIM = 2;

  /** So many work-items. */
  public WorkerGrid2D(int x, int y) {
    super(x, y, 1);
  }

  @Override
  public int dimension() {
    return DIM;
  }
}
