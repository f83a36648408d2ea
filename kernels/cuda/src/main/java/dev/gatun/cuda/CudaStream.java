package dev.gatun.cuda;

import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.CudaException;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceEvent;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;

/** A stream of a device. */
final class CudaStream implements DeviceStream {
  private final Context context;
  private final Stream stream;

  /** What was submitted last: the driver tells of a kernel's fault only when it is waited for. */
  private String last = "";

  CudaStream(Context context, Stream stream) {
    this.context = context;
    this.stream = stream;
  }

  /** The driver's own. */
  Stream stream() {
    return stream;
  }

  @Override
  public void submit(DeviceExecutable executable) {
    CudaExecutable submitted = (CudaExecutable) executable;
    last = submitted.where();
    try {
      submitted.submit(stream);
    } catch (CudaException e) {
      throw Calls.translated(submitted.where(), e);
    }
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    ((CudaExecutable) executable).profile(stream, runs);
  }

  @Override
  public long[] time(DeviceExecutable executable, int runs) {
    return ((CudaExecutable) executable).time(stream, runs);
  }

  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    if (bytes == 0) {
      return;
    }
    try {
      if (HostStaging.hasAddress(from) && HostStaging.hasAddress(to)) {
        stream.copy(from.address() + fromOffset, to.address() + toOffset, bytes);
      } else {
        HostStaging.copy(stream, from, fromOffset, to, toOffset, bytes);
      }
    } catch (CudaException e) {
      throw Calls.translated("", e);
    }
  }

  @Override
  public boolean isIdle() {
    try {
      return stream.isIdle();
    } catch (CudaException e) {
      throw Calls.translated(last, e);
    }
  }

  @Override
  public void synchronize() {
    try {
      stream.synchronize();
    } catch (CudaException e) {
      throw Calls.translated(last, e);
    }
  }

  @Override
  public DeviceEvent newEvent() {
    return Calls.get(() -> new CudaEvent(context.newEvent(false), stream));
  }

  @Override
  public void close() {
    Calls.run(stream::close);
  }
}
