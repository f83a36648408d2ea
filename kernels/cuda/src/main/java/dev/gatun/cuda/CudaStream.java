package dev.gatun.cuda;

import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;

/** A stream of a device. */
final class CudaStream implements DeviceStream {
  private final Stream stream;

  CudaStream(Stream stream) {
    this.stream = stream;
  }

  /** The driver's own. */
  Stream stream() {
    return stream;
  }

  @Override
  public void submit(DeviceExecutable executable) {
    ((CudaExecutable) executable).submit(stream);
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    ((CudaExecutable) executable).profile(stream, runs);
  }

  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    if (bytes > 0) {
      Calls.run(() -> HostStaging.copy(stream, from, fromOffset, to, toOffset, bytes));
    }
  }

  @Override
  public boolean isIdle() {
    return Calls.get(stream::isIdle);
  }

  @Override
  public void synchronize() {
    Calls.run(stream::synchronize);
  }

  @Override
  public void close() {
    Calls.run(stream::close);
  }
}
