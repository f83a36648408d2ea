package dev.gatun.cpu;

import dev.gatun.GatunException;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.MemorySegment;

/** Work on the CPU is done when the call returns: the calling thread is one of the workers. */
final class CpuStream implements DeviceStream {
  private final Workers workers;

  CpuStream(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void submit(DeviceExecutable executable) {
    ((CpuExecutable) executable).run(workers);
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    ((CpuExecutable) executable).profile(workers, runs);
  }

  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    MemorySegment.copy(host(from), fromOffset, host(to), toOffset, bytes);
  }

  private static MemorySegment host(DeviceMemory memory) {
    if (memory instanceof CpuMemory own) {
      return own.segment();
    }
    if (memory instanceof DeviceMemory.Host wrapped) {
      return wrapped.segment();
    }
    return memory.host().orElseThrow(() -> new GatunException("cpu: copy: this memory is on another device, where the host does not reach"));
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
