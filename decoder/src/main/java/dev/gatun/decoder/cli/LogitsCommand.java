package dev.gatun.decoder.cli;

import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The numbers behind a greedy continuation, for comparing engines. */
@Command(name = "logits", description = "Show the logits after a prompt and the greedy tokens after it, for comparing engines.",
    footer = {"", "Example:", "  gatun logits --model model.gguf --prompt 'Once upon a time' -n 48 --json"})
final class LogitsCommand implements Callable<Integer> {
  /** Rows of logits that are held at a time: a vocabulary of 150,000 makes them 38 MB. */
  private static final int ROWS = 64;
  private static final int SHOWN = 10;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin ModelFile model;

  @ArgGroup(multiplicity = "1")
  Prompt prompt;

  @Option(names = {"-n", "--n-gen"}, paramLabel = "N", defaultValue = "48",
      description = "The most greedy tokens. Default: ${DEFAULT-VALUE}.")
  int limit;

  @Mixin BackendChoice backend;
  @Mixin CacheChoice cache;

  @Option(names = "--json",
      description = "Print prompt_ids, logits_after_prompt, argmax_at_prompt, greedy_ids and margin as one JSON object.")
  boolean json;

  static final class Prompt {
    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT", required = true, description = "The prompt; - reads standard input.")
    String text;

    @Option(names = "--ids", paramLabel = "ID", split = ",", required = true, description = "The prompt as token ids with commas between.")
    int[] ids;
  }

  private record Greedy(float[] afterPrompt, int[] argmaxAtPrompt, int[] ids, float[] margins) {}

  LogitsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (limit < 0) {
      throw new ParameterException(spec.commandLine(), "-n must not be negative: " + limit);
    }
    backend.check();
    cache.check();
    try (Model opened = Model.open(model.file)) {
      Optional<String> text = Optional.ofNullable(prompt.text).map(argument -> Source.argument(argument, terminal));
      boolean described = opened.gguf().metadata().keys().contains("tokenizer.ggml.model");
      Optional<Tokenizer> tokenizer = text.isPresent() || described ? Optional.of(opened.tokenizer()) : Optional.empty();
      int[] ids = text.map(given -> model.naming(() -> tokenizer.orElseThrow().encode(given, true, true))).orElse(prompt.ids);
      check(ids, opened.dimensions().vocabulary());
      try (Loaded loaded = Loaded.of(terminal, opened, backend, cache.options(terminal, opened, ids.length, limit));
          Sequence sequence = loaded.decoder().newSequence(Sampling.greedy())) {
        Greedy greedy = Progress.during(terminal, "decoding",
            () -> decode(loaded.decoder(), sequence, ids, tokenizer.map(Tokenizer::endOfGeneration).orElse(Set.of())));
        write(loaded, text, tokenizer, ids, greedy);
      }
    }
    return 0;
  }

  private void check(int[] ids, int vocabulary) {
    if (ids.length == 0) {
      throw new ModelException(model.file, "the prompt is empty and this tokenizer adds no token of its own; give some text");
    }
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw new ModelException(model.file, "token id " + id + " is outside the vocabulary of " + vocabulary);
      }
    }
  }

  private Greedy decode(Decoder decoder, Sequence sequence, int[] prompted, Set<Integer> stop) {
    int[] argmax = new int[prompted.length];
    float[] row = {};
    for (int from = 0; from < prompted.length; from += ROWS) {
      int to = Math.min(prompted.length, from + ROWS);
      float[][] rows = decoder.logits(sequence, Arrays.copyOfRange(prompted, from, to));
      for (int i = from; i < to; i++) {
        row = finite(rows[i - from], i);
        argmax[i] = best(row);
      }
    }
    float[] afterPrompt = row;
    // The token chosen when the context is full still counts.
    int most = Math.min(limit, decoder.options().context() - prompted.length + 1);
    int[] ids = new int[most];
    float[] margins = new float[most];
    int count = 0;
    while (count < most) {
      ids[count] = best(row);
      margins[count] = margin(row, ids[count]);
      int chosen = ids[count++];
      if (stop.contains(chosen) || count == most || sequence.position() == decoder.options().context()) {
        break;
      }
      row = finite(decoder.logits(sequence, chosen)[0], sequence.position() - 1);
    }
    return new Greedy(afterPrompt, argmax, Arrays.copyOf(ids, count), Arrays.copyOf(margins, count));
  }

  private float[] finite(float[] row, int position) {
    return FiniteLogits.require(model.file, row, position);
  }

  private static int best(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }

  private static float margin(float[] row, int best) {
    float second = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < row.length; i++) {
      if (i != best) {
        second = Math.max(second, row[i]);
      }
    }
    return row[best] - second;
  }

  private void write(Loaded loaded, Optional<String> text, Optional<Tokenizer> tokenizer, int[] prompted, Greedy greedy) {
    if (json) {
      try (Json document = Json.compact(terminal.out())) {
        document.object().put("model", model.file.getFileName().toString()).put("backend", loaded.backend().name());
        text.ifPresent(given -> document.put("prompt", given));
        document.put("prompt_ids", prompted).put("greedy_ids", greedy.ids).put("margin", greedy.margins)
            .put("argmax_at_prompt", greedy.argmaxAtPrompt).put("logits_after_prompt", greedy.afterPrompt).endObject();
      }
      return;
    }
    float[] row = greedy.afterPrompt;
    terminal.out().println("prompt ids  " + Arrays.toString(prompted));
    terminal.out().println("greedy ids  " + Arrays.toString(greedy.ids));
    tokenizer.ifPresent(found -> terminal.out().println("as text     " + Errors.oneLine(found.decode(greedy.ids, true))));
    terminal.out().println("highest logits after the prompt");
    IntStream.range(0, row.length).boxed().sorted(Comparator.comparingDouble(id -> -row[id])).limit(SHOWN).forEach(id ->
        terminal.out().println("  " + id + "\t" + row[id] + tokenizer.map(found -> "\t" + found.piece(id)).orElse("")));
  }
}
