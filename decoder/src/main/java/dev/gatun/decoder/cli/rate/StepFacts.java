package dev.gatun.decoder.cli.rate;

import com.sun.management.ThreadMXBean;
import dev.gatun.Explanation;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.Sequence;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a decode step is made of.
 *
 * @param kernels kernels, or whatever the backend has for them, that one step runs
 * @param bytes bytes that a step must move as its kernels tell, at the bounds of varying sizes
 * @param heapBytes bytes of Java heap that a step allocates once it is warm, where the JVM counts them
 * @param host what of its time is the host's
 */
public record StepFacts(int kernels, long bytes, OptionalLong heapBytes, HostShare host) {
  private static final int TRIES = 3;

  /** Of steps that go on from there; {@code steps} at least 1. */
  static StepFacts of(Decoder decoder, List<Sequence> all, int[] next, int steps) {
    int[] chosen = decoder.feed(all, next);
    HostShare host = HostShare.of(decoder, all.size());
    List<Explanation.Step> kernels = HostShare.step(decoder, all.size()).profile(decoder.stream(), 1);
    return new StepFacts(kernels.size(), kernels.stream().mapToLong(Explanation.Step::bytes).sum(), heap(decoder, all, chosen, steps), host);
  }

  /** The least of some tries: what the JVM does beside, such as compiling, only adds. */
  private static OptionalLong heap(Decoder decoder, List<Sequence> all, int[] next, int steps) {
    if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads) || !threads.isThreadAllocatedMemorySupported()
        || !threads.isThreadAllocatedMemoryEnabled()) {
      return OptionalLong.empty();
    }
    OptionalLong least = OptionalLong.empty();
    for (int i = 0; i < TRIES; i++) {
      int room = decoder.options().context() - all.getFirst().position();
      int taken = Math.min(steps, room);
      if (taken < 1) {
        break;
      }
      long before = threads.getTotalThreadAllocatedBytes();
      decoder.follow(all, next, taken, chosen -> true);
      long each = (threads.getTotalThreadAllocatedBytes() - before) / taken;
      least = OptionalLong.of(Math.min(each, least.orElse(each)));
    }
    return least;
  }
}
