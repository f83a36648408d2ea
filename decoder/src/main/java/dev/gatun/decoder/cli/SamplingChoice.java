package dev.gatun.decoder.cli;

import dev.gatun.ShapeException;
import dev.gatun.decoder.Sampling;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say how the next token is chosen. */
final class SamplingChoice {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--temp", paramLabel = "T", defaultValue = "0",
      description = "Temperature; 0 takes the most likely token. Default: ${DEFAULT-VALUE}.")
  float temperature;

  @Option(names = "--top-k", paramLabel = "K", defaultValue = "40",
      description = "Only the K most likely tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
  int topK;

  @Option(names = "--top-p", paramLabel = "P", defaultValue = "0.95",
      description = "Only the most likely tokens that together reach P. Default: ${DEFAULT-VALUE}.")
  float topP;

  @Option(names = "--min-p", paramLabel = "P", defaultValue = "0",
      description = "Only tokens at least P times as likely as the most likely. Default: ${DEFAULT-VALUE}.")
  float minP;

  @Option(names = "--repeat-penalty", paramLabel = "R", defaultValue = "1",
      description = "Divides the logits of recent tokens. Default: ${DEFAULT-VALUE}.")
  float repetition;

  @Option(names = {"-s", "--seed"}, paramLabel = "N", defaultValue = "0",
      description = "The same seed gives the same text. Default: ${DEFAULT-VALUE}.")
  long seed;

  Sampling sampling() {
    try {
      return new Sampling(temperature, topK, topP, minP, repetition, 0, 0, seed);
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
