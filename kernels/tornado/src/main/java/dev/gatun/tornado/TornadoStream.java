package dev.gatun.tornado;

import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;

/** A stream whose every call is done when it returns, since TornadoVM's host side waits for much of it anyway. */
final class TornadoStream implements DeviceStream {
  private final Machine machine;

  TornadoStream(Machine machine) {
    this.machine = machine;
  }

  @Override
  public void submit(DeviceExecutable executable) {
    ((TornadoExecutable) executable).run();
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    ((TornadoExecutable) executable).profile(runs);
  }

  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    if (bytes > 0) {
      machine.copy(from, fromOffset, to, toOffset, bytes);
    }
  }

  @Override
  public boolean isIdle() {
    return true;
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {}
}
