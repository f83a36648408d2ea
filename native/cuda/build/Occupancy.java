import java.util.Map;
import java.util.Optional;

/**
 * How many blocks of a kernel a multiprocessor holds at a time: the rules of the CUDA programming guide's tables of compute capabilities and of the
 * occupancy calculator. Registers go to warps in units of 256, four warps at a time; shared memory in units of 128 bytes, with one KB of the system's own a block.
 */
record Occupancy(int blocks, String limit) {
  private static final int WARP = 32;
  private static final int REGISTER_UNIT = 256;
  private static final int WARP_UNIT = 4;
  private static final int SHARED_UNIT = 128;
  private static final int SYSTEM_SHARED = 1024;
  private static final Map<String, Multiprocessor> MULTIPROCESSORS = Map.of(
      "sm_80", new Multiprocessor(2048, 32, 65536, 164 * 1024),
      "sm_90a", new Multiprocessor(2048, 32, 65536, 228 * 1024));

  /** What a multiprocessor has: threads, blocks, registers, bytes of shared memory. */
  private record Multiprocessor(int threads, int blocks, int registers, int shared) {}

  /** Whether the rules of an architecture are known here. */
  static boolean knows(String architecture) {
    return MULTIPROCESSORS.containsKey(architecture);
  }

  /**
   * Of a kernel on an architecture.
   *
   * @param shared bytes of shared memory of a block, of fixed and dynamic size together
   */
  static Occupancy of(String architecture, int threads, int registers, int shared) {
    Multiprocessor has = Optional.ofNullable(MULTIPROCESSORS.get(architecture))
        .orElseThrow(() -> new BuildFailure("the occupancy of " + architecture + " is not known"));
    int warps = ceilDiv(threads, WARP);
    Occupancy most = new Occupancy(has.blocks, "blocks");
    most = most.or(has.threads / WARP / warps, "threads");
    int warpRegisters = ceilDiv(registers * WARP, REGISTER_UNIT) * REGISTER_UNIT;
    int fitting = has.registers / warpRegisters / WARP_UNIT * WARP_UNIT;
    most = most.or(fitting / warps, "registers");
    int blockShared = ceilDiv(shared, SHARED_UNIT) * SHARED_UNIT + SYSTEM_SHARED;
    return most.or(has.shared / blockShared, "shared");
  }

  private Occupancy or(int fewer, String reason) {
    return fewer < blocks ? new Occupancy(fewer, reason) : this;
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
