package dev.gatun.decoder.cli.rate;

import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs tests on a decoder with a clock beside it. What is fed means nothing, and tokens that would end a text do not end it. */
public final class TimedDecoder {
  private static final int WARM_UP_STEPS = 16;

  private final Decoder decoder;
  private final int[] ids;
  private final boolean pretend;

  /**
   * Times a decoder.
   *
   * @param ids at least as many tokens as the longest prompt or depth
   * @param pretend whether depths are filled with seeded keys and values instead of being fed
   */
  public TimedDecoder(Decoder decoder, int[] ids, boolean pretend) {
    this.decoder = decoder;
    this.ids = ids;
    this.pretend = pretend;
  }

  /** The decoder. */
  public Decoder decoder() {
    return decoder;
  }

  /** Runs a pass until it has taken {@code seconds}, and once at least. */
  public void warmUp(Pass pass, double seconds) {
    long started = System.nanoTime();
    do {
      run(pass, WARM_UP_STEPS);
    } while (System.nanoTime() - started < seconds * 1e9);
  }

  /** The nanoseconds of each test of a pass. */
  public long[] run(Pass pass) {
    return run(pass, Integer.MAX_VALUE);
  }

  private long[] run(Pass pass, int mostSteps) {
    RateTest test = pass.test();
    prepare(test);
    if (test.isPrefill() && pass.after().isEmpty()) {
      try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        deepen(sequence, test.depth());
        return new long[] {timed(sequence, test.prompt())[0]};
      }
    }
    List<Sequence> all = open(test.sequences());
    try {
      if (test.isDecode()) {
        int[] next = all.stream().mapToInt(sequence -> deepen(sequence, test.depth())).toArray();
        return new long[] {decoded(all, next, Math.min(mostSteps, test.generated()))};
      }
      all.forEach(sequence -> deepen(sequence, test.depth()));
      int[] next = new int[all.size()];
      long first = 0;
      long prefill = 0;
      for (int i = 0; i < next.length; i++) {
        long[] fed = timed(all.get(i), test.prompt());
        next[i] = (int) fed[1];
        first = i == 0 ? fed[0] : first;
        prefill += fed[0];
      }
      int steps = Math.min(mostSteps, pass.after().orElse(test).generated());
      long decode = decoded(all, next, steps);
      return pass.after().isPresent() ? new long[] {first, decode} : new long[] {prefill + decode};
    } finally {
      all.forEach(Sequence::close);
    }
  }

  /** Of many tests the steps of some are no longer kept; compiling them again belongs to no time. */
  private void prepare(RateTest test) {
    int chunk = decoder.options().chunk();
    for (int tokens : new int[] {test.depth(), test.prompt()}) {
      if (tokens >= chunk) {
        decoder.executable(chunk);
      }
      if (tokens % chunk > 0) {
        decoder.executable(tokens % chunk);
      }
    }
    if (test.generated() > 0 && decoder.backend().device().hostMemory()) {
      HostShare.step(decoder, test.sequences());
    }
  }

  private List<Sequence> open(int count) {
    List<Sequence> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(decoder.newSequence(Sampling.greedy()));
    }
    return all;
  }

  /** The nanoseconds until the token after a prompt is there, and the token. */
  private long[] timed(Sequence sequence, int prompt) {
    int[] fed = Arrays.copyOf(ids, prompt);
    long started = System.nanoTime();
    int next = decoder.feed(sequence, fed);
    return new long[] {System.nanoTime() - started, next};
  }

  private int deepen(Sequence sequence, int tokens) {
    if (tokens == 0) {
      return ids[0];
    }
    if (pretend) {
      decoder.pretend(sequence, tokens);
      return ids[0];
    }
    return decoder.feed(sequence, Arrays.copyOf(ids, tokens));
  }

  private long decoded(List<Sequence> all, int[] first, int steps) {
    long started = System.nanoTime();
    decoder.follow(all, first, steps, chosen -> true);
    return System.nanoTime() - started;
  }

  /** What is counted of the steps of a test that decodes, and what of their time is the host's; measured where the decoding begins. */
  public StepFacts facts(RateTest test) {
    prepare(test);
    List<Sequence> all = open(test.sequences());
    try {
      int before = test.depth() + test.prompt();
      int[] next = all.stream().mapToInt(sequence -> deepen(sequence, before)).toArray();
      return StepFacts.of(decoder, all, next, Math.min(WARM_UP_STEPS, test.generated()));
    } finally {
      all.forEach(Sequence::close);
    }
  }
}
