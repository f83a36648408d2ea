package dev.gatun.ffi.cuda;

/** Facts about a function; the names and numbers are those of {@code CUfunction_attribute}. */
public enum FunctionAttribute {
  /** Threads of the largest block that it can run with. */
  MAX_THREADS_PER_BLOCK(0),
  /** Bytes of static shared memory. */
  SHARED_SIZE_BYTES(1),
  /** Bytes of constant memory. */
  CONST_SIZE_BYTES(2),
  /** Bytes of local memory a thread; more than 0 may mean spilled registers. */
  LOCAL_SIZE_BYTES(3),
  /** Registers a thread. */
  NUM_REGS(4),
  /** Virtual architecture it was compiled from, 10 × major + minor. */
  PTX_VERSION(5),
  /** Architecture of its code, 10 × major + minor. */
  BINARY_VERSION(6),
  /** 1 when compiled to cache global loads in L1. */
  CACHE_MODE_CA(7),
  /** Bytes of dynamic shared memory that a launch may ask for; can be set. */
  MAX_DYNAMIC_SHARED_SIZE_BYTES(8),
  /** Preferred share of shared memory in percent, -1 for the driver's choice; can be set. */
  PREFERRED_SHARED_MEMORY_CARVEOUT(9),
  /** 1 when a launch has to give a cluster. */
  CLUSTER_SIZE_MUST_BE_SET(10),
  /** X of the cluster it was compiled for, or 0. */
  REQUIRED_CLUSTER_WIDTH(11),
  /** Y of the cluster it was compiled for, or 0. */
  REQUIRED_CLUSTER_HEIGHT(12),
  /** Z of the cluster it was compiled for, or 0. */
  REQUIRED_CLUSTER_DEPTH(13),
  /** 1 when clusters of more than 8 blocks are allowed; can be set. */
  NON_PORTABLE_CLUSTER_SIZE_ALLOWED(14);

  private final int number;

  FunctionAttribute(int number) {
    this.number = number;
  }

  /** Its number in {@code cuda.h}. */
  public int number() {
    return number;
  }
}
