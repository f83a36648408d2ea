package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.NumberList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Lists of numbers on the command line. */
final class Numbers {
  private Numbers() {}

  static List<Integer> of(CommandSpec spec, String option, String text) {
    try {
      return NumberList.of(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
    }
  }
}
