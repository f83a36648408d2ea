package dev.gatun.bench.call;

import java.util.concurrent.TimeUnit;
import jcuda.driver.JCudaDriver;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call of the driver costs: through Gatun's bindings (FFM), through JCuda's (JNI) and from C, with the same arguments on the same library. Each invocation makes
 * {@value #CALLS} calls after the device has become idle, which is not counted.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@OperationsPerInvocation(CallBenchmark.CALLS)
public class CallBenchmark {
  static final int CALLS = 256;

  /** {@code cuEventQuery} of a passed event. */
  @Benchmark
  public boolean eventQueryFfm(CallState.Gatun s) {
    boolean all = true;
    for (int i = 0; i < CALLS; i++) {
      all &= s.event.isDone();
    }
    return all;
  }

  /** {@code cuEventQuery} of a passed event. */
  @Benchmark
  public boolean eventQueryJni(CallState.JCuda s) {
    boolean all = true;
    for (int i = 0; i < CALLS; i++) {
      all &= JCudaDriver.cuEventQuery(s.event) == 0;
    }
    return all;
  }

  /** {@code cuEventQuery} of a passed event. */
  @Benchmark
  public long eventQueryC(CallState.C s) {
    return s.eventQuery.nanos(s.gatun.event.address(), 0, 0, 0, CALLS);
  }

  /** {@code cuStreamQuery} of an idle stream. */
  @Benchmark
  public boolean streamQueryFfm(CallState.Gatun s) {
    boolean all = true;
    for (int i = 0; i < CALLS; i++) {
      all &= s.stream.isIdle();
    }
    return all;
  }

  /** {@code cuStreamQuery} of an idle stream. */
  @Benchmark
  public boolean streamQueryJni(CallState.JCuda s) {
    boolean all = true;
    for (int i = 0; i < CALLS; i++) {
      all &= JCudaDriver.cuStreamQuery(s.stream) == 0;
    }
    return all;
  }

  /** {@code cuStreamQuery} of an idle stream. */
  @Benchmark
  public long streamQueryC(CallState.C s) {
    return s.streamQuery.nanos(s.gatun.stream.address(), 0, 0, 0, CALLS);
  }

  /** {@code cuStreamSynchronize} of an idle stream. */
  @Benchmark
  public void streamSynchronizeFfm(CallState.Gatun s) {
    for (int i = 0; i < CALLS; i++) {
      s.stream.synchronize();
    }
  }

  /** {@code cuStreamSynchronize} of an idle stream. */
  @Benchmark
  public void streamSynchronizeJni(CallState.JCuda s) {
    for (int i = 0; i < CALLS; i++) {
      JCudaDriver.cuStreamSynchronize(s.stream);
    }
  }

  /** {@code cuStreamSynchronize} of an idle stream. */
  @Benchmark
  public long streamSynchronizeC(CallState.C s) {
    return s.streamSynchronize.nanos(s.gatun.stream.address(), 0, 0, 0, CALLS);
  }

  /** {@code cuEventRecord}. */
  @Benchmark
  public void eventRecordFfm(CallState.Gatun s) {
    for (int i = 0; i < CALLS; i++) {
      s.stream.record(s.event);
    }
  }

  /** {@code cuEventRecord}. */
  @Benchmark
  public void eventRecordJni(CallState.JCuda s) {
    for (int i = 0; i < CALLS; i++) {
      JCudaDriver.cuEventRecord(s.event, s.stream);
    }
  }

  /** {@code cuEventRecord}. */
  @Benchmark
  public long eventRecordC(CallState.C s) {
    return s.eventRecord.nanos(s.gatun.event.address(), s.gatun.stream.address(), 0, 0, CALLS);
  }

  /** {@code cuMemGetInfo_v2}. */
  @Benchmark
  public long memoryInfoFfm(CallState.Gatun s) {
    long sum = 0;
    for (int i = 0; i < CALLS; i++) {
      sum += s.context.memoryInfo().total();
    }
    return sum;
  }

  /** {@code cuMemGetInfo_v2}. */
  @Benchmark
  public long memoryInfoJni(CallState.JCuda s) {
    long sum = 0;
    for (int i = 0; i < CALLS; i++) {
      JCudaDriver.cuMemGetInfo(s.free, s.total);
      sum += s.total[0];
    }
    return sum;
  }

  /** {@code cuMemGetInfo_v2}. */
  @Benchmark
  public long memoryInfoC(CallState.C s) {
    return s.memoryInfo.nanos(s.out.address(), s.out.address() + Long.BYTES, 0, 0, CALLS);
  }

  /** {@code cuGraphLaunch} of an empty graph. */
  @Benchmark
  public void graphLaunchFfm(CallState.Gatun s) {
    for (int i = 0; i < CALLS; i++) {
      s.graph.launch(s.stream);
    }
  }

  /** {@code cuGraphLaunch} of an empty graph. */
  @Benchmark
  public void graphLaunchJni(CallState.JCuda s) {
    for (int i = 0; i < CALLS; i++) {
      JCudaDriver.cuGraphLaunch(s.graph, s.stream);
    }
  }

  /** {@code cuGraphLaunch} of an empty graph. */
  @Benchmark
  public long graphLaunchC(CallState.C s) {
    return s.graphLaunch.nanos(s.graph, s.gatun.stream.address(), 0, 0, CALLS);
  }

  /** {@code cuLaunchKernelEx} of one small block. */
  @Benchmark
  public void kernelLaunchFfm(CallState.Gatun s) {
    for (int i = 0; i < CALLS; i++) {
      s.launch.run(s.stream);
    }
  }

  /** {@code cuLaunchKernel} of one small block: JCuda 12.6 has no call of the other. */
  @Benchmark
  public void kernelLaunchJni(CallState.JCuda s) {
    for (int i = 0; i < CALLS; i++) {
      JCudaDriver.cuLaunchKernel(s.function, 1, 1, 1, SmallKernel.THREADS, 1, 1, 0, s.stream, s.parameters, null);
    }
  }
}
