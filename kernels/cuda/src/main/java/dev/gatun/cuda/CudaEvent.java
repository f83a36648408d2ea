package dev.gatun.cuda;

import dev.gatun.ffi.cuda.CudaException;
import dev.gatun.ffi.cuda.Event;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceEvent;

/** A point in a stream's work, as the driver knows it. */
final class CudaEvent implements DeviceEvent {
  private final Event event;
  private final Stream stream;

  CudaEvent(Event event, Stream stream) {
    this.event = event;
    this.stream = stream;
  }

  @Override
  public void record() {
    try {
      stream.record(event);
    } catch (CudaException e) {
      throw Calls.translated("", e);
    }
  }

  @Override
  public boolean isDone() {
    try {
      return event.isDone();
    } catch (CudaException e) {
      throw Calls.translated("", e);
    }
  }

  @Override
  public void synchronize() {
    try {
      event.synchronize();
    } catch (CudaException e) {
      throw Calls.translated("", e);
    }
  }

  @Override
  public void close() {
    Calls.run(event::close);
  }
}
