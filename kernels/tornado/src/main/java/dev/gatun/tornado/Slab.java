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
import java.util.concurrent.atomic.AtomicInteger;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A large piece of device memory: one native array of TornadoVM's, which buffers are cut from. Every task graph sees it through small arrays of its own that are
 * mapped onto it, of whichever element type its kernels read. It lives as long as the process: TornadoVM frees memory only by resetting the device, after which
 * no graph made before compiles any more.
 *
 * <p>TornadoVM sizes device memory by an array in host memory. That one is never read here, and its pages, of a sparse file's private mapping, are never touched;
 * TornadoVM's PTX driver alone locks them, so that there a slab takes its size of the host's memory too.
 */
final class Slab {
  /** Bytes at the start that no buffer gets: graphs upload their small arrays here before these are mapped. */
  static final int RESERVED = 256;

  private static final AtomicInteger MADE = new AtomicInteger();

  private final long bytes;
  private final ByteArray array;
  private final ImmutableTaskGraph graph;

  /** Takes memory of a device. @throws dev.gatun.DeviceException if it has none */
  Slab(TornadoDevice device, long bytes) {
    this.bytes = bytes;
    try {
      this.array = ByteArray.fromSegmentShallow(untouched(TornadoNativeArray.ARRAY_HEADER + bytes, Arena.ofShared()));
      synchronized (Pool.TORNADO) {
        TaskGraph tasks = new TaskGraph("gatunSlab" + MADE.getAndIncrement()).task("touch", Move::touch, array);
        Sketches.await();
        this.graph = tasks.transferToHost(DataTransferMode.UNDER_DEMAND, array).snapshot();
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graph).withDevice(device);
        plan.execute();
        device.sync(plan.getId());
      }
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
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
}
