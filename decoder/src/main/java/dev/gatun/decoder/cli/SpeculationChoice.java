package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.Speculation;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that say what guesses tokens ahead. */
final class SpeculationChoice {
  private static final String LOOKUP = "ngram";
  private static final int DEFAULT_TOKENS = 7;

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--speculate", paramLabel = "WHAT",
      description = "Guess tokens ahead and check them in one step: ngram looks them up earlier in the text, the GGUF file of a smaller model of the same "
          + "vocabulary drafts them. The text stays the same.")
  Optional<String> what = Optional.empty();

  @Option(names = "--draft-tokens", paramLabel = "N",
      description = "The most tokens to guess at a time; up to 7 they are computed in the types of single tokens. Default: 7; only with --speculate.")
  Optional<Integer> tokens = Optional.empty();

  boolean given() {
    return what.isPresent();
  }

  /** Wrong usage is seen before a model is loaded. */
  void check() {
    if (tokens.isPresent() && what.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--draft-tokens goes with --speculate");
    }
    if (tokens.isPresent() && (tokens.get() < 1 || tokens.get() > Speculation.MOST_TOKENS)) {
      throw new ParameterException(spec.commandLine(), "--draft-tokens must be from 1 to " + Speculation.MOST_TOKENS + ", not " + tokens.get());
    }
    file();
  }

  private Optional<Path> file() {
    return what.filter(given -> !given.equals(LOOKUP)).map(given -> {
      try {
        return new FileName().convert(given);
      } catch (TypeConversionException e) {
        throw new ParameterException(spec.commandLine(), "--speculate takes " + LOOKUP + " or a GGUF file; " + e.getMessage(), e);
      }
    });
  }

  /** What was chosen. */
  String label() {
    return file().map(file -> "draft " + file.getFileName()).orElse(LOOKUP);
  }

  /** Ready for a target that runs on {@code backend}, if it was asked for; a draft gets the target's context. */
  Drafting open(Terminal terminal, Model target, Backend backend, DecoderOptions options) {
    int most = tokens.orElse(DEFAULT_TOKENS);
    if (file().isEmpty()) {
      return new Drafting(what.map(_ -> Speculation.byLookup(most)), Optional.empty(), Optional.empty());
    }
    Model model = Model.open(file().get());
    try {
      Decoder decoder = Progress.during(terminal, "loading " + model.gguf().file().getFileName(), () -> new Decoder(backend, model, options.withSequences(1)));
      try {
        return new Drafting(Optional.of(Speculation.byModel(target, decoder, most)), Optional.of(decoder), Optional.of(model));
      } catch (RuntimeException | Error e) {
        decoder.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** A speculation with what it stands on, owned. */
  record Drafting(Optional<Speculation> speculation, Optional<Decoder> decoder, Optional<Model> model) implements AutoCloseable {
    @Override
    public void close() {
      speculation.ifPresent(Speculation::close);
      decoder.ifPresent(Decoder::close);
      model.ifPresent(Model::close);
    }
  }
}
