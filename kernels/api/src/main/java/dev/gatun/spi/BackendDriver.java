package dev.gatun.spi;

import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.util.function.LongFunction;

/** An open device. Safe to share between threads. */
public interface BackendDriver extends AutoCloseable {
  /** Facts about the device; cheap. */
  DeviceProperties properties();

  /** Bytes per second that memory delivers to reads by all units, measured at the first call and kept. */
  double bandwidth();

  /** New memory; zero bytes are allowed. @throws dev.gatun.DeviceException if there is not enough */
  DeviceMemory allocate(long bytes);

  /**
   * The one decision about a case: what would run, or why it would not. Support, workspace, launch, explanations and benchmarks all read it. Pure: the
   * same case always gives the same decision.
   */
  Decision plan(Case wanted);

  /**
   * Makes a weight ready.
   *
   * @param allocate gives owned memory for a layout of the backend's own
   * @throws dev.gatun.ShapeException with the reason, for a weight it makes ready for no operator
   */
  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate);

  /** A new stream. */
  DeviceStream newStream();

  /** A new cache, all block-table entries unmapped. @throws dev.gatun.ShapeException with the reason, for a dtype or geometry it does not serve */
  DeviceCache newCache(KvCache.Spec spec);

  /** Compiles a program whose every operator {@link #plan} supports. */
  DeviceExecutable compile(Program program);

  /** Closes the device; everything made by it has been closed before. */
  @Override
  void close();
}
