package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is done again and again leaves nothing behind, on the device, in native memory and on the Java heap. */
class FlatMemoryTest {
  private static final int CYCLES = 1_000_000;
  private static final int LAUNCHES = 20_000;
  private static final int GRAPHS = 2_000;
  private static final long SLACK_BYTES = 32L << 20;

  private final Cuda cuda = Emulator.cuda();

  @Test
  void allocatingAndFreeingKeepsMemoryFlat() throws IOException {
    Map<String, Long> before = Emulator.live();
    try (Context context = cuda.device(0).primaryContext()) {
      for (int i = 0; i < CYCLES / 10; i++) {
        context.allocate(256 + i % 1024).close();
      }
      long resident = resident();
      for (int i = 0; i < CYCLES; i++) {
        context.allocate(256 + i % 1024).close();
      }
      assertThat(resident() - resident).isLessThan(SLACK_BYTES);
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @Test
  void handlesAndLaunchesKeepMemoryFlat() throws IOException {
    Map<String, Long> before = Emulator.live();
    try (Context context = cuda.device(0).primaryContext(); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT))) {
      launches(context, module, LAUNCHES / 5);
      long resident = resident();
      launches(context, module, LAUNCHES);
      assertThat(resident() - resident).isLessThan(SLACK_BYTES);
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @Test
  void graphsKeepMemoryFlat() throws IOException {
    Map<String, Long> before = Emulator.live();
    try (Context context = cuda.device(0).primaryContext(); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT))) {
      graphs(context, module, GRAPHS / 5);
      long resident = resident();
      graphs(context, module, GRAPHS);
      assertThat(resident() - resident).isLessThan(SLACK_BYTES);
    }
    assertThat(Emulator.live()).isEqualTo(before);
    assertThat(HostFunctions.count()).isZero();
  }

  /** An object takes 16 bytes at least, so less than 8 bytes a run on average means that there is none. */
  @Test
  void preparedLaunchesAndGraphsPutNothingOnTheJavaHeap() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assumeTrue(threads.isThreadAllocatedMemorySupported());
    try (Context context = cuda.device(0).primaryContext(); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT));
        Stream stream = context.newStream(); RmsNorm norm = new RmsNorm(context, 1, 32, 1); Event event = context.newEvent(false)) {
      norm.upload(stream);
      Launch launch = stream.prepare(module.function(RmsNorm.SYMBOL), norm.config(), norm.params);
      stream.beginCapture();
      launch.run(stream);
      try (Graph graph = stream.endCapture(); GraphExec exec = graph.instantiate()) {
        runs(stream, launch, exec, event, 2_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        runs(stream, launch, exec, event, 2_000);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(8 * 2_000);
      }
    }
  }

  private static void runs(Stream stream, Launch launch, GraphExec exec, Event event, int count) {
    for (int i = 0; i < count; i++) {
      launch.run(stream);
      exec.launch(stream);
      stream.record(event);
      stream.waitFor(event);
      stream.isIdle();
      stream.synchronize();
    }
  }

  private static void launches(Context context, Module module, int count) {
    for (int i = 0; i < count; i += 100) {
      try (Stream stream = context.newStream(); Event event = context.newEvent(true); RmsNorm norm = new RmsNorm(context, 1, 32, i)) {
        norm.upload(stream);
        Function function = module.function(RmsNorm.SYMBOL);
        for (int k = 0; k < 100; k++) {
          stream.launch(function, norm.config(), norm.params);
        }
        stream.record(event);
        stream.allocateAsync(512).close();
        event.synchronize();
        stream.synchronize();
      }
    }
  }

  private static void graphs(Context context, Module module, int count) {
    Function function = module.function(RmsNorm.SYMBOL);
    try (Stream stream = context.newStream(); RmsNorm norm = new RmsNorm(context, 1, 32, 4)) {
      norm.upload(stream);
      stream.synchronize();
      for (int i = 0; i < count; i++) {
        stream.beginCapture();
        stream.launch(function, norm.config(), norm.params);
        stream.hostFunction(() -> { });
        try (Graph graph = stream.endCapture(); GraphExec exec = graph.instantiate()) {
          exec.launch(stream);
          exec.update(graph);
          stream.synchronize();
        }
      }
    }
  }

  private static long resident() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "no /proc to read resident memory from");
    System.gc();
    return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
  }
}
