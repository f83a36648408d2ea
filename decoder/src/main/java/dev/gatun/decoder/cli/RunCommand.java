package dev.gatun.decoder.cli;

import dev.gatun.ShapeException;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Eviction;
import dev.gatun.decoder.Generation;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import dev.gatun.decoder.Speculation;
import dev.gatun.decoder.chat.ChatTemplate;
import dev.gatun.decoder.chat.Message;
import dev.gatun.decoder.cli.SpeculationChoice.Drafting;
import dev.gatun.decoder.cli.rate.Samples;
import dev.gatun.decoder.tokenizer.StreamingDecoder;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Text after a prompt, as it comes. The text goes to standard output; the figures too where that is a terminal, else to standard error. */
@Command(name = "run", description = "Continue a prompt, or answer one with --chat, and show how fast that was.",
    footer = {"", "Examples:", "  gatun run --model model.gguf --prompt 'Once upon a time' -n 100",
        "  gatun run --model model.gguf --chat --prompt 'Why is the sky blue?' --temp 0.7"})
final class RunCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin ModelFile model;

  @ArgGroup(multiplicity = "1")
  Prompt prompt;

  @Option(names = {"-n", "--n-gen"}, paramLabel = "N", defaultValue = "256",
      description = "The most tokens to choose. Default: ${DEFAULT-VALUE}.")
  int limit;

  @Option(names = "--chat", description = "Put the prompt as a user's message into the file's chat template.")
  boolean chat;

  @Option(names = "--system", paramLabel = "TEXT", description = "The system message before it; only with --chat.")
  Optional<String> system = Optional.empty();

  @Mixin SamplingChoice choice;
  @Mixin BackendChoice backend;
  @Mixin CacheChoice cache;
  @Mixin SpeculationChoice speculation;

  @Option(names = "--evict", paramLabel = "SINKS,WINDOW", split = ",",
      description = "Go on when the context is full: keep the first SINKS and the newest WINDOW tokens, and feed the latter again. Default: stop.")
  List<Integer> kept = List.of();

  @Option(names = {"-q", "--quiet"}, description = "Do not show the figures.")
  boolean quiet;

  @Option(names = "--json", description = "Print one JSON object at the end: text, ids, reason, figures.")
  boolean json;

  static final class Prompt {
    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT", required = true, description = "The prompt; - reads standard input.")
    String argument;

    @Option(names = {"-f", "--file"}, paramLabel = "FILE", required = true, converter = FileName.class,
        description = "A UTF-8 file that holds the prompt.")
    Path file;
  }

  RunCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (limit < 1) {
      throw new ParameterException(spec.commandLine(), "-n must be at least 1, not " + limit);
    }
    if (system.isPresent() && !chat) {
      throw new ParameterException(spec.commandLine(), "--system goes with --chat");
    }
    backend.rounding();
    backend.check();
    cache.check();
    speculation.check();
    Optional<Eviction> eviction = eviction();
    Sampling sampling = choice.sampling();
    long started = System.nanoTime();
    // A process of two processors reads the vocabulary while the backend looks for devices and loads its kernels.
    try (Model opened = Model.open(model.file); OpeningBackend opening = OpeningBackend.of(backend)) {
      Tokenizer tokenizer = opened.tokenizer();
      int[] ids = encode(opened, tokenizer);
      try (Loaded loaded = Loaded.of(terminal, opened, opening::take, options(opened, ids.length, eviction));
          Drafting drafting = speculation.open(terminal, opened, loaded.backend(), loaded.decoder().options());
          Sequence sequence = loaded.decoder().newSequence(sampling)) {
        generate(sequence, loaded, drafting.speculation(), tokenizer, ids, System.nanoTime() - started);
      }
    }
    return 0;
  }

  private Optional<Eviction> eviction() {
    if (kept.isEmpty()) {
      return Optional.empty();
    }
    if (kept.size() != 2) {
      throw new ParameterException(spec.commandLine(), "--evict takes two numbers, the first and the newest tokens to keep, not " + kept);
    }
    try {
      return Optional.of(new Eviction(kept.get(0), kept.get(1)));
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), "--evict: " + e.getMessage(), e);
    }
  }

  private DecoderOptions options(Model opened, int prompted, Optional<Eviction> eviction) {
    if (eviction.isEmpty()) {
      return cache.options(terminal, opened, prompted, limit);
    }
    try {
      return cache.options(terminal, opened, Math.min(prompted, cache.most(opened)), limit).withEviction(eviction.get());
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), "--evict: " + e.getMessage(), e);
    }
  }

  private int[] encode(Model opened, Tokenizer tokenizer) {
    String source = prompt.file != null ? Source.file(prompt.file) : Source.argument(prompt.argument, terminal);
    int[] ids = model.naming(() -> {
      String text = source;
      if (chat) {
        List<Message> messages = new ArrayList<>();
        system.ifPresent(content -> messages.add(new Message("system", content)));
        messages.add(new Message("user", source));
        text = ChatTemplate.of(opened.gguf().metadata()).render(messages, true);
      }
      return tokenizer.encode(text, true, true);
    });
    if (ids.length == 0) {
      throw new ModelException(model.file, "the prompt is empty and this tokenizer adds no token of its own; give some text");
    }
    return ids;
  }

  private void generate(Sequence sequence, Loaded loaded, Optional<Speculation> guesses, Tokenizer tokenizer, int[] ids, long loadNanos) {
    StreamingDecoder streaming = new StreamingDecoder(tokenizer, false);
    StringBuilder text = new StringBuilder();
    try (Cancellation cancellation = new Cancellation()) {
      BooleanSupplier cancelled = () -> cancellation.requested() || terminal.out().checkError();
      IntConsumer listener = id -> emit(text, streaming.add(id));
      Set<Integer> stop = tokenizer.endOfGeneration();
      Generation generation = guesses.map(by -> Generation.run(sequence, ids, limit, stop, cancelled, listener, by))
          .orElseGet(() -> Generation.run(sequence, ids, limit, stop, cancelled, listener));
      emit(text, streaming.flush());
      if (!json) {
        terminal.out().println();
      }
      terminal.out().flush();
      if (json || !quiet) {
        // A prompt that was cancelled was fed in part: it has no speed.
        int fed = generation.ids().length == 0 && generation.reason() == Generation.Reason.CANCELLED ? 0 : ids.length;
        Figures figures = Figures.of(terminal, loaded.decoder(), loadNanos, fed, new Samples(generation.promptNanos()),
            1, generation.decodeSteps(), new Samples(Math.max(1, generation.decodeNanos())), Optional.empty());
        report(generation, text.toString(), ids, guesses, figures);
      }
      terminal.out().flush();
    }
  }

  private void emit(StringBuilder text, String piece) {
    if (json) {
      text.append(piece);
    } else {
      terminal.out().print(piece);
      terminal.out().flush();
    }
  }

  private void report(Generation generation, String text, int[] prompted, Optional<Speculation> guesses, Figures figures) {
    String reason = generation.reason().name().toLowerCase(Locale.ROOT);
    if (json) {
      try (Json document = Json.indented(terminal.out())) {
        document.object().put("model", model.file.toString()).put("prompt_ids", prompted).put("ids", generation.ids()).put("text", text)
            .put("reason", reason).put("prefill_ts", figures.prefillRate().median());
        document.putAll(figures.prefill());
        if (figures.steps() > 0) {
          document.put("decode_ts", figures.decodeRate().median());
          document.putAll(figures.decode());
        }
        guesses.ifPresent(by -> document.put("speculate", speculation.label()).put("steps", by.steps()).put("drafted", by.drafted())
            .put("accepted", by.accepted()));
        document.putAll(figures.shared()).endObject();
      }
      return;
    }
    PrintStream out = terminal.outSeen() ? terminal.out() : terminal.err();
    out.println();
    Figures.line(out, "stopped", reason.replace('_', ' ') + " after " + generation.ids().length + " tokens");
    backend.passedOver().ifPresent(others -> Figures.line(out, "passed over", others));
    figures.print(out);
    guesses.ifPresent(by -> Figures.line(out, "speculated", "by " + speculation.label() + ": " + SpeculatedBench.acceptance(by.accepted(), by.drafted())
        + " in " + by.steps() + " steps"));
  }
}
