package dev.gatun.tornado;

import dev.gatun.tornado.kernel.Move;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.ByteBuffer;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A large piece of device memory: one native array of TornadoVM's, which buffers are cut from. Every task graph sees it through small arrays of its own that are
 * mapped onto it, of whichever element type its kernels read.
 *
 * <p>TornadoVM sizes device memory by an array in host memory. That one is never read here, and its pages, of a sparse file's private mapping, are never touched.
 */
final class Slab implements AutoCloseable {
  /** Bytes at the start that no buffer gets: graphs upload their small arrays here before these are mapped. */
  static final int RESERVED = 256;

  private final int number;
  private final long bytes;
  private final Arena arena = Arena.ofShared();
  private final ByteArray array;
  private final ImmutableTaskGraph graph;
  private final TornadoExecutionPlan plan;

  Slab(TornadoDevice device, int number, long bytes) {
    this.number = number;
    this.bytes = bytes;
    try {
      this.array = ByteArray.fromSegmentShallow(untouched(TornadoNativeArray.ARRAY_HEADER + bytes, arena));
      this.graph = new TaskGraph("gatunSlab" + number).task("touch", Move::touch, array).transferToHost(DataTransferMode.UNDER_DEMAND, array).snapshot();
      this.plan = new TornadoExecutionPlan(graph).withDevice(device);
      plan.execute();
      device.sync(plan.getId());
    } catch (RuntimeException e) {
      arena.close();
      throw Failures.of(device.getDeviceName() + " has no memory for another " + bytes + " bytes", "free buffers, or raise what TornadoVM may take by "
          + "-Dtornado.device.memory=16GB", e);
    }
  }

  /** Address space of zeros. */
  private static MemorySegment untouched(long bytes, Arena arena) {
    try {
      Path file = Files.createTempFile("gatun", ".slab");
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
        channel.write(ByteBuffer.allocate(1), bytes - 1);
        return channel.map(FileChannel.MapMode.PRIVATE, 0, bytes, arena);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("no address space of " + bytes + " bytes: " + e.getMessage(), e);
    }
  }

  /** Its number among the device's. */
  int number() {
    return number;
  }

  /** Its size. */
  long bytes() {
    return bytes;
  }

  /** The array that other graphs' arrays are mapped onto. */
  ByteArray array() {
    return array;
  }

  /** The graph that the array belongs to. */
  ImmutableTaskGraph graph() {
    return graph;
  }

  @Override
  public void close() {
    plan.freeDeviceMemory();
    arena.close();
  }
}
