package dev.gatun.ffi.cuda;

/** Facts about a device; the names and numbers are those of {@code CUdevice_attribute}. */
public enum DeviceAttribute {
  /** Threads of the largest block. */
  MAX_THREADS_PER_BLOCK(1),
  /** Largest x of a block. */
  MAX_BLOCK_DIM_X(2),
  /** Largest y of a block. */
  MAX_BLOCK_DIM_Y(3),
  /** Largest z of a block. */
  MAX_BLOCK_DIM_Z(4),
  /** Largest x of a grid. */
  MAX_GRID_DIM_X(5),
  /** Largest y of a grid. */
  MAX_GRID_DIM_Y(6),
  /** Largest z of a grid. */
  MAX_GRID_DIM_Z(7),
  /** Bytes of shared memory that a block has without asking for more. */
  MAX_SHARED_MEMORY_PER_BLOCK(8),
  /** Bytes of constant memory. */
  TOTAL_CONSTANT_MEMORY(9),
  /** Threads of a warp. */
  WARP_SIZE(10),
  /** Largest pitch of a copy, in bytes. */
  MAX_PITCH(11),
  /** 32-bit registers of a block. */
  MAX_REGISTERS_PER_BLOCK(12),
  /** Clock of the multiprocessors in kHz. */
  CLOCK_RATE(13),
  /** Number of multiprocessors. */
  MULTIPROCESSOR_COUNT(16),
  /** 1 when kernels that run long are stopped. */
  KERNEL_EXEC_TIMEOUT(17),
  /** 1 when the device shares the host's memory. */
  INTEGRATED(18),
  /** 1 when host memory can be mapped for kernels. */
  CAN_MAP_HOST_MEMORY(19),
  /** 0 when several processes may use the device. */
  COMPUTE_MODE(20),
  /** 1 when kernels run side by side. */
  CONCURRENT_KERNELS(31),
  /** 1 when its memory is error-corrected. */
  ECC_ENABLED(32),
  /** Number of its PCI bus. */
  PCI_BUS_ID(33),
  /** Number of its PCI device. */
  PCI_DEVICE_ID(34),
  /** Clock of the memory in kHz. */
  MEMORY_CLOCK_RATE(36),
  /** Width of the memory bus in bits. */
  GLOBAL_MEMORY_BUS_WIDTH(37),
  /** Bytes of the L2 cache. */
  L2_CACHE_SIZE(38),
  /** Threads that one multiprocessor holds. */
  MAX_THREADS_PER_MULTIPROCESSOR(39),
  /** Number of copy engines. */
  ASYNC_ENGINE_COUNT(40),
  /** 1 when device and host share one space of addresses. */
  UNIFIED_ADDRESSING(41),
  /** Number of its PCI domain. */
  PCI_DOMAIN_ID(50),
  /** Major number of the compute capability. */
  COMPUTE_CAPABILITY_MAJOR(75),
  /** Minor number of the compute capability. */
  COMPUTE_CAPABILITY_MINOR(76),
  /** 1 when streams have priorities. */
  STREAM_PRIORITIES_SUPPORTED(78),
  /** Bytes of shared memory of one multiprocessor. */
  MAX_SHARED_MEMORY_PER_MULTIPROCESSOR(81),
  /** 32-bit registers of one multiprocessor. */
  MAX_REGISTERS_PER_MULTIPROCESSOR(82),
  /** 1 when there is managed memory. */
  MANAGED_MEMORY(83),
  /** 1 when atomics on host memory work over the link. */
  HOST_NATIVE_ATOMIC_SUPPORTED(86),
  /** 1 when kernels may read ordinary host memory. */
  PAGEABLE_MEMORY_ACCESS(88),
  /** 1 when host and device may use managed memory at once. */
  CONCURRENT_MANAGED_ACCESS(89),
  /** 1 when grids may wait for all their blocks. */
  COOPERATIVE_LAUNCH(95),
  /** Bytes of shared memory that a block has at most, when its function asks for it. */
  MAX_SHARED_MEMORY_PER_BLOCK_OPTIN(97),
  /** 1 when host memory can be page-locked afterwards. */
  HOST_REGISTER_SUPPORTED(99),
  /** 1 when addresses and memory can be managed apart. */
  VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED(102),
  /** Blocks that one multiprocessor holds. */
  MAX_BLOCKS_PER_MULTIPROCESSOR(106),
  /** Bytes of the L2 cache that can be set aside. */
  MAX_PERSISTING_L2_CACHE_SIZE(108),
  /** Bytes of the largest window with an access policy. */
  MAX_ACCESS_POLICY_WINDOW_SIZE(109),
  /** Bytes of shared memory that the driver takes from each block. */
  RESERVED_SHARED_MEMORY_PER_BLOCK(111),
  /** 1 when read-only host memory can be page-locked. */
  READ_ONLY_HOST_REGISTER_SUPPORTED(113),
  /** 1 when memory can be allocated in stream order. */
  MEMORY_POOLS_SUPPORTED(115),
  /** 1 when blocks form clusters. */
  CLUSTER_LAUNCH(120),
  /** 1 when tensor maps can be used. */
  TENSOR_MAP_ACCESS_SUPPORTED(127),
  /** NUMA node of its memory. */
  NUMA_ID(131),
  /** 1 when the switch multicasts and reduces. */
  MULTICAST_SUPPORTED(132),
  /** Nearest NUMA node of the host; -1 without NUMA. */
  HOST_NUMA_ID(134);

  private final int number;

  DeviceAttribute(int number) {
    this.number = number;
  }

  /** Its number in {@code cuda.h}. */
  public int number() {
    return number;
  }
}
