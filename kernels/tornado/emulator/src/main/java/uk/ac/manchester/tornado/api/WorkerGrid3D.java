package uk.ac.manchester.tornado.api;

/** A block of work-items. */
public class WorkerGrid3D extends AbstractWorkerGrid {
  /** How many dimensions the grid has. */
  public static final int DIM = 3;

  /** So many work-items. */
  public WorkerGrid3D(int x, int y, int z) {
    super(x, y, z);
  }

  @Override
  public int dimension() {
    return DIM;
  }
}
