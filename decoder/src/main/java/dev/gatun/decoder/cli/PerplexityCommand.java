package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.cli.quality.Moments;
import dev.gatun.decoder.cli.quality.Quality;
import dev.gatun.decoder.cli.quality.Scoring;
import dev.gatun.decoder.cli.quality.Windows;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How well models predict a text: what tells a quantized file from the file it was made of. */
@Command(name = "perplexity", description = "Show how well models predict a text, and how far each is from the first.",
    footer = {"", "The text is cut into windows of --ctx tokens, each on an empty cache; what is left over is dropped. Of a window the first half is context",
        "and each later token is scored given all before it, as llama.cpp's perplexity tool does. Perplexity is exp of the mean negative log-likelihood.",
        "On a CPU the kernels in Java run, so that the file is judged and not how kernels round activations; -o native=auto takes those in C.", "",
        "Example:", "  gatun perplexity --model f32.gguf,q8_0.gguf --file text.txt --ctx 512"})
final class PerplexityCommand implements Callable<Integer> {
  private static final int LEAST_WINDOW = 4;
  private static final int DEFAULT_WINDOW = 512;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;

  @Option(names = {"-m", "--model"}, required = true, split = ",", paramLabel = "FILE[,FILE]", converter = FileName.class,
      description = "GGUF files of one vocabulary; the others are compared with the first.")
  List<Path> files = new ArrayList<>();

  @Option(names = {"-f", "--file"}, required = true, paramLabel = "FILE", converter = FileName.class, description = "A UTF-8 file that holds the text.")
  Path text;

  @Option(names = {"-c", "--ctx"}, paramLabel = "N",
      description = "Tokens of a window. Default: " + DEFAULT_WINDOW + ", or what the models were made for if that is less.")
  Optional<Integer> window = Optional.empty();

  @Option(names = "--windows", paramLabel = "N", description = "The most windows to score. Default: all.")
  Optional<Integer> most = Optional.empty();

  @Option(names = "--cache-type", paramLabel = "TYPE", defaultValue = "f32", converter = TypeName.class,
      description = "How keys and values are kept: f32, f16, bf16, q8_0, f8_e4m3 or f8_e5m2. Default: ${DEFAULT-VALUE}.")
  DType cacheType;

  @Mixin BackendChoice backend;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  PerplexityCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    check();
    List<Model> models = new ArrayList<>();
    List<Decoder> decoders = new ArrayList<>();
    try {
      for (Path file : files) {
        models.add(Model.open(file));
      }
      Windows windows = windows(models);
      try (Backend opened = backend.open()) {
        DecoderOptions options = options(windows.size());
        try {
          for (Model model : models) {
            decoders.add(Progress.during(terminal, "loading " + model.gguf().file().getFileName(), () -> new Decoder(opened, model, options)));
          }
          Scoring scoring = new Scoring(decoders);
          int count = Math.min(windows.count(), most.orElse(Integer.MAX_VALUE));
          score(scoring, windows, count);
          report(scoring, opened, models, windows, count);
        } finally {
          decoders.forEach(Decoder::close);
        }
      }
    } finally {
      models.forEach(Model::close);
    }
    return 0;
  }

  private void check() {
    backend.exact().check();
    options(window.orElse(DEFAULT_WINDOW));
    if (window.isPresent() && window.get() < LEAST_WINDOW) {
      throw new ParameterException(spec.commandLine(), "--ctx must be at least " + LEAST_WINDOW + ", not " + window.get());
    }
    if (most.isPresent() && most.get() < 1) {
      throw new ParameterException(spec.commandLine(), "--windows must be at least 1, not " + most.get());
    }
  }

  private DecoderOptions options(int size) {
    CacheChoice.of(spec, Optional.of(size), cacheType, DType.F32).check("--ctx");
    return DecoderOptions.of(size).withCacheType(cacheType);
  }

  private Windows windows(List<Model> models) {
    int size = window.orElse(models.stream().mapToInt(model -> Math.min(DEFAULT_WINDOW, model.dimensions().context())).min().orElseThrow());
    String source = Source.file(text);
    int[] ids = null;
    for (Model model : models) {
      Tokenizer tokenizer = model.tokenizer();
      int[] found = ModelFile.naming(model.gguf().file(), () -> tokenizer.encode(source, true, false));
      if (ids == null) {
        ids = found;
      } else if (!Arrays.equals(ids, found) || model.dimensions().vocabulary() != models.getFirst().dimensions().vocabulary()) {
        throw new ModelException(model.gguf().file(), "has another vocabulary than " + files.getFirst() + "; only models of one vocabulary can be compared");
      }
      if (size > model.dimensions().context()) {
        terminal.err().println("gatun: note: windows of " + size + " are more than the " + model.dimensions().context() + " that "
            + model.gguf().file().getFileName() + " was made for");
      }
    }
    if (ids.length < size) {
      throw new InputException(text + ": has " + ids.length + " tokens, and a window takes " + size + "; give a longer text or a smaller --ctx", null);
    }
    Tokenizer tokenizer = models.getFirst().tokenizer();
    boolean begins = tokenizer.bos().isPresent() && ids[0] == tokenizer.bos().getAsInt();
    return new Windows(ids, size, begins ? tokenizer.bos() : OptionalInt.empty());
  }

  private void score(Scoring scoring, Windows windows, int count) {
    Progress progress = Progress.of(terminal, "scoring");
    try {
      for (int i = 0; i < count; i++) {
        scoring.score(windows, i);
        progress.at(i + 1L, count);
      }
    } finally {
      progress.close();
    }
  }

  private void report(Scoring scoring, Backend opened, List<Model> models, Windows windows, int count) {
    if (json) {
      try (Json document = Json.indented(terminal.out())) {
        document.object().put("file", text.toString()).put("backend", opened.name()).put("ctx", windows.size()).put("windows", count)
            .put("scored_per_window", windows.scored()).array("models");
        for (int i = 0; i < models.size(); i++) {
          Quality quality = scoring.quality(i);
          document.object().put("model", files.get(i).toString()).put("tokens", quality.loss().count());
          put(document, "nll", quality.loss());
          document.put("perplexity", quality.perplexity()).put("perplexity_error", quality.perplexityError());
          if (i > 0) {
            put(document, "nll_difference", quality.difference());
            document.put("perplexity_ratio", Math.exp(quality.difference().mean()));
            put(document, "kl_divergence", quality.divergence());
            document.put("same_top", quality.agreement());
          }
          document.put("tokens_per_second", scoring.tokensPerSecond(i)).endObject();
        }
        document.endArray().endObject();
      }
      return;
    }
    Figures.line(terminal.out(), "text", text + ", " + count + " windows of " + windows.size() + " tokens, the last " + windows.scored() + " of each scored");
    Figures.line(terminal.out(), "backend", opened.name());
    for (int i = 0; i < models.size(); i++) {
      Quality quality = scoring.quality(i);
      terminal.out().println();
      Figures.line(terminal.out(), "model", files.get(i).toString());
      Figures.line(terminal.out(), "perplexity", shown(quality.perplexity(), quality.perplexityError()));
      Figures.line(terminal.out(), "nll", shown(quality.loss()) + " nats a token");
      if (i > 0) {
        Figures.line(terminal.out(), "beside first", "nll " + shown(quality.difference()) + ", perplexity x "
            + Units.decimal(Math.exp(quality.difference().mean()), 5) + ", KL divergence " + shown(quality.divergence()) + ", same top token "
            + Units.decimal(100 * quality.agreement(), 2) + " %");
      }
      Figures.line(terminal.out(), "speed", Units.decimal(scoring.tokensPerSecond(i), 1) + " tokens/s");
    }
  }

  private static void put(Json document, String name, Moments moments) {
    document.put(name, moments.mean()).put(name + "_error", moments.standardError());
  }

  private static String shown(Moments moments) {
    return shown(moments.mean(), moments.standardError());
  }

  private static String shown(double mean, double error) {
    return String.format(Locale.ROOT, "%.5f ± %.5f", mean, error);
  }
}
