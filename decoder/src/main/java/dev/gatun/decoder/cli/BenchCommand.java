package dev.gatun.decoder.cli;

import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How fast a model runs: each repeat feeds a prompt of seeded tokens to an empty cache and then decodes after it. With a depth both are
 * measured apart, each after that many tokens, as llama-bench does.
 */
@Command(name = "bench",
    description = "Measure prefill and decode speed; without --model on an embedded model, so that nothing is downloaded.",
    footer = {"", "Examples:", "  gatun bench", "  gatun bench --shape qwen3-0.6b --type q4_0 -p 256 -n 64 -r 5",
        "  gatun bench --model model.gguf --json"})
final class BenchCommand implements Callable<Integer> {
  private static final int LEAST_CONTEXT = 16;
  private static final int WARM_UP_STEPS = 16;
  private static final int MOST_REPEATS = 1000;
  private static final int MOST_SEQUENCES = 512;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin ModelOrShape model;

  @Option(names = {"-p", "--n-prompt"}, paramLabel = "N", defaultValue = "128",
      description = "Tokens of the prompt; 0 for no prefill. Default: ${DEFAULT-VALUE}.")
  int prompt;

  @Option(names = {"-n", "--n-gen"}, paramLabel = "N", defaultValue = "32",
      description = "Tokens to decode after it; 0 for no decode. Default: ${DEFAULT-VALUE}.")
  int generated;

  @Option(names = {"-r", "--repetitions"}, paramLabel = "N", defaultValue = "3",
      description = "How often it is measured. Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = {"-d", "--n-depth", "--depth"}, paramLabel = "N",
      description = "Tokens in the cache before prefill and before decode, each measured by itself; 0 for an empty cache. "
          + "Default: prefill from an empty cache and decode after the prompt, so that its depth is -p.")
  Optional<Integer> depth = Optional.empty();

  @Option(names = "--sequences", paramLabel = "N", defaultValue = "1",
      description = "Sequences that are decoded side by side, each with a prompt and depth of its own. Default: ${DEFAULT-VALUE}.")
  int sequences;

  @Option(names = "--pretend", description = "Fill the depth with seeded keys and values instead of feeding tokens: a deep cache at once, for measuring.")
  boolean pretend;

  @Mixin BackendChoice backend;
  @Mixin CacheChoice cache;

  @Option(names = "--json", description = "Print an array with a row for prefill and one for decode, with the field names of llama-bench.")
  boolean json;

  private record Times(Samples prefill, Samples decode, Optional<HostShare> host) {}

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    checkUsage();
    long started = System.nanoTime();
    try (Model opened = model.open(terminal)) {
      checkFits(opened);
      DecoderOptions options = cache.options(terminal, opened, (int) needed(), 0).withSequences(sequences);
      try (Loaded loaded = Loaded.of(terminal, opened, backend, options)) {
        long loadNanos = System.nanoTime() - started;
        int[] ids = SeededPrompt.of(opened, Math.max(SeededPrompt.CHECKED, Math.max(prompt, depth.orElse(0))));
        Times times = measure(loaded.decoder(), ids);
        report(opened, Figures.of(terminal, loaded.decoder(), loadNanos, prompt, times.prefill, sequences, generated, times.decode, times.host));
      }
    }
    return 0;
  }

  private void checkUsage() {
    if (prompt < 0 || generated < 0 || (prompt == 0 && generated == 0) || depth.orElse(0) < 0) {
      throw new ParameterException(spec.commandLine(), "-p, -n and -d must not be negative, and -p and -n not both 0: " + prompt + ", "
          + generated + ", " + depth.orElse(0));
    }
    if (sequences < 1 || sequences > MOST_SEQUENCES) {
      throw new ParameterException(spec.commandLine(), "--sequences must be from 1 to " + MOST_SEQUENCES + ", not " + sequences);
    }
    if (repeats < 1 || repeats > MOST_REPEATS) {
      throw new ParameterException(spec.commandLine(), "-r must be from 1 to " + MOST_REPEATS + ", not " + repeats);
    }
    backend.check();
    cache.check();
  }

  private long needed() {
    long tokens = depth.isPresent() ? (long) depth.get() + Math.max(prompt, generated) : (long) prompt + generated;
    return Math.max(LEAST_CONTEXT, tokens);
  }

  private void checkFits(Model opened) {
    int size = cache.most(opened);
    if (needed() > size) {
      throw new ParameterException(spec.commandLine(), "a prompt of " + prompt + " tokens and " + generated
          + depth.map(before -> " decoded, each after " + before + ",").orElse(" after it") + " need a context of " + needed()
          + ", more than the " + size + (cache.context.isPresent() ? " of --context" : " the model was made for"));
    }
  }

  private Times measure(Decoder decoder, int[] ids) {
    try (Progress progress = Progress.of(terminal, "checking")) {
      new BenchCheck(decoder, ids).run();
      progress.say("warming up");
      once(decoder, ids, Math.min(generated, WARM_UP_STEPS));
      double[] prefill = new double[repeats];
      double[] decode = new double[repeats];
      progress.say("measuring");
      for (int i = 0; i < repeats; i++) {
        progress.at(i, repeats);
        long[] times = once(decoder, ids, generated);
        prefill[i] = times[0];
        decode[i] = times[1];
      }
      progress.say("measuring the host's share");
      Optional<HostShare> host = generated == 0 ? Optional.empty() : Optional.of(host(decoder, ids));
      return new Times(new Samples(prefill), new Samples(decode), host);
    }
  }

  /** Nanoseconds of the prefill and of all decode steps together. Tokens that would end a text do not end this one. */
  private long[] once(Decoder decoder, int[] ids, int steps) {
    if (depth.isPresent()) {
      return new long[] {prompt == 0 ? 0 : prefillAtDepth(decoder, ids), steps == 0 ? 0 : decodeAtDepth(decoder, ids, steps)};
    }
    List<Sequence> all = open(decoder);
    try {
      long started = System.nanoTime();
      int[] next = new int[all.size()];
      next[0] = prompt == 0 ? ids[0] : decoder.feed(all.getFirst(), Arrays.copyOf(ids, prompt));
      long prefilled = System.nanoTime();
      for (int i = 1; i < next.length; i++) {
        next[i] = prompt == 0 ? ids[i % ids.length] : decoder.feed(all.get(i), Arrays.copyOf(ids, prompt));
      }
      return new long[] {prefilled - started, decoded(decoder, all, next, steps)};
    } finally {
      all.forEach(Sequence::close);
    }
  }

  private List<Sequence> open(Decoder decoder) {
    List<Sequence> all = new ArrayList<>();
    for (int i = 0; i < sequences; i++) {
      all.add(decoder.newSequence(Sampling.greedy()));
    }
    return all;
  }

  /** Nanoseconds of that many steps of all sequences. */
  private static long decoded(Decoder decoder, List<Sequence> all, int[] first, int steps) {
    long started = System.nanoTime();
    decoder.follow(all, first, steps, chosen -> true);
    return System.nanoTime() - started;
  }

  private int deepen(Decoder decoder, Sequence sequence, int[] ids) {
    int tokens = depth.orElse(0);
    if (tokens == 0) {
      return ids[0];
    }
    if (pretend) {
      decoder.pretend(sequence, tokens);
      return ids[0];
    }
    return decoder.feed(sequence, Arrays.copyOf(ids, tokens));
  }

  private long prefillAtDepth(Decoder decoder, int[] ids) {
    try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      deepen(decoder, sequence, ids);
      int[] fed = Arrays.copyOf(ids, prompt);
      long started = System.nanoTime();
      decoder.feed(sequence, fed);
      return System.nanoTime() - started;
    }
  }

  private long decodeAtDepth(Decoder decoder, int[] ids, int steps) {
    List<Sequence> all = open(decoder);
    try {
      int[] next = all.stream().mapToInt(sequence -> deepen(decoder, sequence, ids)).toArray();
      return decoded(decoder, all, next, steps);
    } finally {
      all.forEach(Sequence::close);
    }
  }

  /** Of a step where decoding begins. */
  private HostShare host(Decoder decoder, int[] ids) {
    List<Sequence> all = open(decoder);
    try {
      for (Sequence sequence : all) {
        if (depth.isPresent()) {
          deepen(decoder, sequence, ids);
        } else if (prompt > 0) {
          decoder.feed(sequence, Arrays.copyOf(ids, prompt));
        }
      }
      decoder.feed(all, new int[all.size()]);
      return HostShare.of(decoder, all.size());
    } finally {
      all.forEach(Sequence::close);
    }
  }

  private void report(Model opened, Figures figures) {
    ModelFacts facts = ModelFacts.of(opened.gguf());
    if (json) {
      BenchRows.write(terminal.out(), opened.gguf().file(), facts, figures, depth.orElse(0), depth.orElse(prompt));
      return;
    }
    Figures.line(terminal.out(), "model", facts.type() + ", " + Units.bytes(facts.tensorBytes()) + ", " + opened.gguf().file());
    depth.ifPresent(before -> Figures.line(terminal.out(), "depth", before + " tokens before prefill and before decode"));
    backend.passedOver().ifPresent(others -> Figures.line(terminal.out(), "passed over", others));
    figures.print(terminal.out());
  }
}
