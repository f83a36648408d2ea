package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What a submission costs the Java heap. */
class SubmissionTest {
  private static final int RUNS = 10_000;

  @Test
  void submittingAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Backend backend = Gatun.open("fake"); Stream stream = backend.newStream()) {
      FakeDriver.of(backend).recording = false;
      KvCache cache = backend.newKvCache(new KvCache.Spec(1, 1, 2, 2, DType.F32, 4, 2, 1, 8));
      Tensor k = backend.allocate(DType.F32, 1, 1, 2);
      Ragged batch = new Ragged(backend.allocate(DType.I32, 2), backend.allocate(DType.I32, 1), backend.allocate(DType.I32, 1));
      Executable step = backend.compile(Program.of(new KvAppend(k, k, batch, cache, 0)));
      submit(stream, step);
      long before = threads.getCurrentThreadAllocatedBytes();
      submit(stream, step);
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(bytes).as("bytes allocated in " + RUNS + " submissions").isLessThan(RUNS);
    }
  }

  private static void submit(Stream stream, Executable step) {
    for (int i = 0; i < RUNS; i++) {
      stream.submit(step);
      stream.synchronize();
    }
  }
}
