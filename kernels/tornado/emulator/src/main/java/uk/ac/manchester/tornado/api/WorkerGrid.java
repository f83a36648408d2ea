package uk.ac.manchester.tornado.api;

/** How many work-items run a task, and in groups of how many; always three numbers, 1 in the dimensions that the grid has not. */
public interface WorkerGrid {
  /** How many dimensions the grid has. */
  int dimension();

  /** The work-items. */
  long[] getGlobalWork();

  /** The work-items of one group; null where the runtime chooses. */
  long[] getLocalWork();

  /** The groups, as {@link #setLocalWork} last counted them; null before. */
  long[] getNumberOfWorkgroups();

  /** Where the items' indices start. */
  long[] getGlobalOffset();

  /** Sets the work-items; read at each execution. */
  void setGlobalWork(long x, long y, long z);

  /** Sets the work-items of one group; read at each execution. */
  void setLocalWork(long x, long y, long z);

  /** Forgets the number of groups. */
  void setNumberOfWorkgroupsToNull();

  /** Leaves the size of groups to the runtime. */
  void setLocalWorkToNull();

  /** Sets where the items' indices start; the emulator takes 0 alone. */
  void setGlobalOffset(long x, long y, long z);
}
