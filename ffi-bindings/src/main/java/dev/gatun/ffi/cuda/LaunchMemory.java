package dev.gatun.ffi.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** Native memory for one launch: the {@code CUlaunchConfig}, room for its attributes, and the array with the one parameter's address. */
final class LaunchMemory {
  static final StructLayout CONFIG = MemoryLayout.structLayout(
      JAVA_INT.withName("gridDimX"), JAVA_INT.withName("gridDimY"), JAVA_INT.withName("gridDimZ"),
      JAVA_INT.withName("blockDimX"), JAVA_INT.withName("blockDimY"), JAVA_INT.withName("blockDimZ"),
      JAVA_INT.withName("sharedMemBytes"), MemoryLayout.paddingLayout(4),
      JAVA_LONG.withName("hStream"), ADDRESS.withName("attrs"), JAVA_INT.withName("numAttrs"), MemoryLayout.paddingLayout(4));
  static final StructLayout ATTRIBUTE = MemoryLayout.structLayout(
      JAVA_INT.withName("id"), MemoryLayout.paddingLayout(4), MemoryLayout.sequenceLayout(64, java.lang.foreign.ValueLayout.JAVA_BYTE).withName("value"));

  private static final int CLUSTER_DIMENSION = 4;
  private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

  private static final long STREAM = CONFIG.byteOffset(PathElement.groupElement("hStream"));
  private static final long ATTRS = CONFIG.byteOffset(PathElement.groupElement("attrs"));
  private static final long NUM_ATTRS = CONFIG.byteOffset(PathElement.groupElement("numAttrs"));
  private static final long VALUE = ATTRIBUTE.byteOffset(PathElement.groupElement("value"));
  private static final long FIRST_ATTRIBUTE = CONFIG.byteSize();
  private static final long PARAMETERS = FIRST_ATTRIBUTE + 2 * ATTRIBUTE.byteSize();

  private final MemorySegment memory = Arena.ofAuto().allocate(PARAMETERS + Long.BYTES, Long.BYTES);

  /** Fills the memory; {@code parameters} is the address of the parameter struct, 0 for a kernel that has none. */
  void write(LaunchConfig c, long stream, long parameters) {
    memory.set(JAVA_INT, 0, c.gridX());
    memory.set(JAVA_INT, 4, c.gridY());
    memory.set(JAVA_INT, 8, c.gridZ());
    memory.set(JAVA_INT, 12, c.blockX());
    memory.set(JAVA_INT, 16, c.blockY());
    memory.set(JAVA_INT, 20, c.blockZ());
    memory.set(JAVA_INT, 24, c.sharedBytes());
    memory.set(JAVA_LONG, STREAM, stream);
    long attribute = FIRST_ATTRIBUTE;
    int attributes = 0;
    if (c.hasCluster()) {
      memory.set(JAVA_INT, attribute, CLUSTER_DIMENSION);
      memory.set(JAVA_INT, attribute + VALUE, c.clusterX());
      memory.set(JAVA_INT, attribute + VALUE + 4, c.clusterY());
      memory.set(JAVA_INT, attribute + VALUE + 8, c.clusterZ());
      attribute += ATTRIBUTE.byteSize();
      attributes++;
    }
    if (c.programmatic()) {
      memory.set(JAVA_INT, attribute, PROGRAMMATIC_STREAM_SERIALIZATION);
      memory.set(JAVA_INT, attribute + VALUE, 1);
      attributes++;
    }
    memory.set(JAVA_LONG, ATTRS, attributes == 0 ? 0 : memory.address() + FIRST_ATTRIBUTE);
    memory.set(JAVA_INT, NUM_ATTRS, attributes);
    memory.set(JAVA_LONG, PARAMETERS, parameters);
  }

  void stream(long stream) {
    memory.set(JAVA_LONG, STREAM, stream);
  }

  /** The address of the {@code CUlaunchConfig}. */
  long config() {
    return memory.address();
  }

  /** The address of the array of parameter addresses, 0 when there is no parameter. */
  long parameters() {
    return memory.get(JAVA_LONG, PARAMETERS) == 0 ? 0 : memory.address() + PARAMETERS;
  }
}
