package dev.gatun.bench.call;

import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.Event;
import dev.gatun.ffi.cuda.Graph;
import dev.gatun.ffi.cuda.GraphExec;
import dev.gatun.ffi.cuda.Launch;
import dev.gatun.ffi.cuda.LaunchConfig;
import dev.gatun.ffi.cuda.Module;
import dev.gatun.ffi.cuda.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What {@link CallBenchmark} calls the driver with: the same things for each way of calling. Every way launches the kernel once first, and its answer is checked. */
public final class CallState {
  private static final int NON_BLOCKING = 1;
  private static final int WITHOUT_TIMING = 2;

  private CallState() {}

  /** Through Gatun's bindings. */
  @State(Scope.Benchmark)
  public static class Gatun {
    /** The driver's library: {@link DriverLibrary#SYSTEM} or {@link DriverLibrary#EMULATOR}. */
    @Param(DriverLibrary.SYSTEM)
    public String driver = DriverLibrary.SYSTEM;

    Cuda cuda;
    Context context;
    Stream stream;
    Event event;
    GraphExec graph;
    Launch launch;
    private SmallKernel kernel;
    private Module module;

    /** Makes everything. */
    @Setup
    public void open() {
      cuda = DriverLibrary.open(driver);
      context = cuda.device(0).primaryContext();
      stream = context.newStream();
      event = context.newEvent(false);
      try (Graph empty = context.newGraph()) {
        graph = empty.instantiate();
      }
      kernel = new SmallKernel(context, driver.equals(DriverLibrary.EMULATOR));
      module = context.loadModule(kernel.nativeImage());
      launch = stream.prepare(module.function(kernel.symbol()), LaunchConfig.of(1, SmallKernel.THREADS, 0), kernel.parameters());
      kernel.prepare(stream);
      launch.run(stream);
      kernel.check(stream, "FFM");
    }

    /** Lets the device become idle. */
    @Setup(Level.Invocation)
    public void idle() {
      stream.record(event);
      stream.synchronize();
    }

    /** Ends everything. */
    @TearDown
    public void close() {
      stream.synchronize();
      module.close();
      kernel.close();
      graph.close();
      event.close();
      stream.close();
      context.close();
    }
  }

  /** Through JCuda. */
  @State(Scope.Benchmark)
  public static class JCuda {
    /** As {@link Gatun#driver}. */
    @Param(DriverLibrary.SYSTEM)
    public String driver = DriverLibrary.SYSTEM;

    final CUstream stream = new CUstream();
    final CUevent event = new CUevent();
    final CUgraphExec graph = new CUgraphExec();
    final CUfunction function = new CUfunction();
    final long[] free = new long[1];
    final long[] total = new long[1];
    Pointer parameters;
    private final CUdevice device = new CUdevice();
    private final CUmodule module = new CUmodule();
    private Context context;
    private SmallKernel kernel;

    /** Makes everything. */
    @Setup
    public void open() {
      context = DriverLibrary.openWithJCuda(driver).device(0).primaryContext();
      CUcontext primary = new CUcontext();
      JCudaDriver.cuDeviceGet(device, 0);
      JCudaDriver.cuDevicePrimaryCtxRetain(primary, device);
      JCudaDriver.cuCtxSetCurrent(primary);
      JCudaDriver.cuStreamCreate(stream, NON_BLOCKING);
      JCudaDriver.cuEventCreate(event, WITHOUT_TIMING);
      CUgraph empty = new CUgraph();
      JCudaDriver.cuGraphCreate(empty, 0);
      JCudaDriver.cuGraphInstantiate(graph, empty, 0);
      JCudaDriver.cuGraphDestroy(empty);
      kernel = new SmallKernel(context, driver.equals(DriverLibrary.EMULATOR));
      JCudaDriver.cuModuleLoadData(module, kernel.image());
      JCudaDriver.cuModuleGetFunction(function, module, kernel.symbol());
      parameters = Pointer.to(Pointer.to(kernel.parameterBytes()));
      try (Stream check = context.newStream()) {
        kernel.prepare(check);
        JCudaDriver.cuLaunchKernel(function, 1, 1, 1, SmallKernel.THREADS, 1, 1, 0, stream, parameters, null);
        kernel.check(check, "JNI");
      }
    }

    /** Lets the device become idle. */
    @Setup(Level.Invocation)
    public void idle() {
      JCudaDriver.cuEventRecord(event, stream);
      JCudaDriver.cuStreamSynchronize(stream);
    }

    /** Ends everything. */
    @TearDown
    public void close() {
      JCudaDriver.cuStreamSynchronize(stream);
      JCudaDriver.cuModuleUnload(module);
      JCudaDriver.cuGraphExecDestroy(graph);
      JCudaDriver.cuEventDestroy(event);
      JCudaDriver.cuStreamDestroy(stream);
      kernel.close();
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
      context.close();
    }
  }

  /** From C. */
  @State(Scope.Benchmark)
  public static class C {
    Gatun gatun;
    long graph;
    CLoop eventQuery;
    CLoop streamQuery;
    CLoop streamSynchronize;
    CLoop eventRecord;
    CLoop memoryInfo;
    CLoop graphLaunch;
    final MemorySegment out = Arena.ofAuto().allocate(2L * Long.BYTES, Long.BYTES);

    /** Compiles the loop and finds the functions. */
    @Setup
    public void open(Gatun opened) {
      gatun = opened;
      String library = opened.cuda.library();
      eventQuery = new CLoop(library, "cuEventQuery");
      streamQuery = new CLoop(library, "cuStreamQuery");
      streamSynchronize = new CLoop(library, "cuStreamSynchronize");
      eventRecord = new CLoop(library, "cuEventRecord");
      memoryInfo = new CLoop(library, "cuMemGetInfo_v2");
      graphLaunch = new CLoop(library, "cuGraphLaunch");
      opened.context.bind();
      new CLoop(library, "cuGraphCreate").nanos(out.address(), 0, 0, 0, 1);
      long empty = out.get(ValueLayout.JAVA_LONG, 0);
      new CLoop(library, "cuGraphInstantiateWithFlags").nanos(out.address(), empty, 0, 0, 1);
      graph = out.get(ValueLayout.JAVA_LONG, 0);
      new CLoop(library, "cuGraphDestroy").nanos(empty, 0, 0, 0, 1);
      memoryInfo.nanos(out.address(), out.address() + Long.BYTES, 0, 0, 1);
      if (out.get(ValueLayout.JAVA_LONG, Long.BYTES) != opened.context.memoryInfo().total()) {
        throw new IllegalStateException("C sees another amount of memory than Java does");
      }
    }

    /** Ends what it made. */
    @TearDown
    public void close() {
      new CLoop(gatun.cuda.library(), "cuGraphExecDestroy").nanos(graph, 0, 0, 0, 1);
    }
  }
}
