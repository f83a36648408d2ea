package uk.ac.manchester.tornado.api.enums;

/** When a task graph copies an array. */
public class DataTransferMode {
  /** Once, before the first execution. */
  public static final int FIRST_EXECUTION = 0;
  /** At each execution. */
  public static final int EVERY_EXECUTION = 1;
  /** Only when asked for by name, see {@link uk.ac.manchester.tornado.api.TornadoExecutionResult#transferToHost}. */
  public static final int UNDER_DEMAND = 2;

  /** Nothing to construct: the modes are constants. */
  public DataTransferMode() {}
}
