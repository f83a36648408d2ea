package dev.gatun.decoder.cli;

import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options whose value was forgotten. A text may begin with a dash, so the parser takes any word as an option's value; where that word is
 * exactly another option's name it is more likely that the value is missing.
 */
final class ForgottenValues {
  private ForgottenValues() {}

  /** @throws MissingParameterException if an option of {@code command} is followed by another one instead of its value */
  static void check(CommandLine command, String[] args) {
    for (int i = 0; i + 1 < args.length; i++) {
      OptionSpec option = command.getCommandSpec().optionsMap().get(args[i]);
      if (option == null || option.arity().max() == 0) {
        continue;
      }
      i++;
      if (command.getCommandSpec().optionsMap().containsKey(args[i])) {
        throw new MissingParameterException(command, option, "option " + args[i - 1] + " lacks its " + option.paramLabel()
            + ": behind it comes " + args[i] + "; where that is meant write " + args[i - 1] + "=" + args[i]);
      }
    }
  }
}
