package dev.gatun.bench.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Backend;
import dev.gatun.Gatun;
import dev.gatun.Tensor;
import dev.gatun.bench.peer.DeviceAddress;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.LaunchConfig;
import dev.gatun.ffi.cuda.Module;
import dev.gatun.ffi.cuda.Stream;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Device memory that goes from JCuda to Gatun and back. */
class InteropTest {
  private static final int WIDTH = SmallKernel.WIDTH;

  private EmulatedDriver driver;

  @BeforeEach
  void open() {
    driver = EmulatedDriver.orSkip();
  }

  @Test
  void aGatunKernelWorksInMemoryThatJCudaAllocated() {
    try (Context context = driver.cuda().device(0).primaryContext(); Stream stream = context.newStream()) {
      JCudaDriver.cuCtxSetCurrent(current(context));
      float[] values = new float[3 * WIDTH];
      double squares = 0;
      for (int i = 0; i < WIDTH; i++) {
        values[i] = (i * 5 % 11 - 5) / 4f;
        values[2 * WIDTH + i] = 1 + i % 4;
        squares += values[i] * values[i];
      }
      DeviceAddress memory = new DeviceAddress();
      JCudaDriver.cuMemAlloc(memory, SmallKernel.BYTES);
      // From pageable memory this returns before the device has its copy, and a stream of Gatun's does not wait for the default one.
      JCudaDriver.cuMemcpyHtoD(memory, Pointer.to(values), SmallKernel.BYTES);
      JCudaDriver.cuCtxSynchronize();
      try (SmallKernel kernel = new SmallKernel(context, true, DeviceMemory.wrap(context, memory.address(), SmallKernel.BYTES));
          Module module = context.loadModule(kernel.nativeImage())) {
        stream.launch(module.function(kernel.symbol()), LaunchConfig.of(1, SmallKernel.THREADS, 0), kernel.parameters());
        stream.synchronize();
      }
      float[] found = new float[3 * WIDTH];
      JCudaDriver.cuMemcpyDtoH(Pointer.to(found), memory, SmallKernel.BYTES);
      JCudaDriver.cuMemFree(memory);
      for (int i = 0; i < WIDTH; i++) {
        assertThat(found[WIDTH + i]).isCloseTo((float) (values[i] / Math.sqrt(squares / WIDTH + 1e-5) * values[2 * WIDTH + i]), within(1e-5f));
      }
    }
  }

  @Test
  void jCudaReadsAndWritesABufferOfGatun() {
    DriverLibrary.shareEmulator();
    try (Backend backend = Gatun.open("cuda-emulated"); dev.gatun.Stream stream = backend.newStream();
        Context context = driver.cuda().device(0).primaryContext()) {
      JCudaDriver.cuCtxSetCurrent(current(context));
      Tensor tensor = backend.tensor(new float[] {1, 2, 3, 4}, 4);
      DeviceAddress memory = new DeviceAddress(tensor.buffer().memory().address());
      float[] found = new float[4];
      JCudaDriver.cuMemcpyDtoH(Pointer.to(found), memory, 16);
      assertThat(found).containsExactly(1, 2, 3, 4);
      JCudaDriver.cuMemcpyHtoD(memory, Pointer.to(new float[] {5, 6, 7, 8}), 16);
      JCudaDriver.cuCtxSynchronize();
      assertThat(stream.readFloats(tensor)).containsExactly(5, 6, 7, 8);
    }
  }

  private static CUcontext current(Context context) {
    context.bind();
    CUcontext current = new CUcontext();
    JCudaDriver.cuCtxGetCurrent(current);
    return current;
  }
}
