package dev.gatun.decoder.cli;

import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import dev.gatun.decoder.gguf.GgufException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Every failure as one line on the error stream: exit code 2 for wrong usage, 1 for anything about data, devices or the program itself. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  static final int USAGE = 2;
  static final int DATA = 1;

  private static final String MODEL = "--model";

  private static final boolean TRACE = System.getenv("GATUN_DEBUG") != null;

  private final Terminal terminal;

  Errors(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    StringBuilder line = new StringBuilder(failure.getMessage());
    if (failure instanceof UnmatchedArgumentException unmatched && !unmatched.getSuggestions().isEmpty()) {
      line.append("; did you mean ").append(String.join(" or ", unmatched.getSuggestions())).append('?');
    }
    line.append("; see '").append(command.getCommandSpec().qualifiedName()).append(" --help'");
    say(line.toString());
    trace(failure);
    return USAGE;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    return data(failure, parsed);
  }

  /** Reports a failure that is about no model. */
  int data(Throwable failure) {
    return report(failure, Optional.empty());
  }

  /** Reports what no command expects, errors of the JVM among them; {@code parsed} is null where it came too early. */
  int data(Throwable failure, ParseResult parsed) {
    return report(failure, model(parsed));
  }

  private static Optional<String> model(ParseResult parsed) {
    ParseResult command = parsed == null || !parsed.hasSubcommand() ? parsed : parsed.subcommand();
    OptionSpec option = command == null ? null : command.matchedOption(MODEL);
    return option == null ? Optional.empty() : option.originalStringValues().stream().findFirst();
  }

  private int report(Throwable failure, Optional<String> model) {
    String message = message(failure);
    // Of a list the message names the one that it is about.
    say(model.filter(file -> isAboutTheModel(failure) && Arrays.stream(file.split(",")).noneMatch(message::contains)).map(file -> file + ": " + message).orElse(message));
    trace(failure);
    return DATA;
  }

  /** These name what they are about: another file, a part of the model, a backend that is not there. */
  private static boolean isAboutTheModel(Throwable failure) {
    return !(failure instanceof InputException || failure instanceof BackendUnavailableException || failure instanceof GgufException);
  }

  private static String message(Throwable failure) {
    return switch (failure) {
      case GatunException known -> String.valueOf(known.getMessage());
      case UncheckedIOException io -> io(io.getCause());
      case IOException io -> io(io);
      case OutOfMemoryError memory -> "out of memory (" + memory.getMessage()
          + "): use a smaller model or context, or give the JVM more with GATUN_JVM_ARGS='-Xmx4g -XX:MaxDirectMemorySize=64g'";
      case StackOverflowError _ -> "internal error: the stack overflowed; run with GATUN_DEBUG=1 for the stack trace";
      default -> "internal error: " + failure + "; run with GATUN_DEBUG=1 for the stack trace";
    };
  }

  private static String io(IOException failure) {
    return failure.getClass().getSimpleName() + " " + failure.getMessage();
  }

  private void say(String message) {
    terminal.out().flush();
    terminal.err().println("gatun: " + oneLine(message));
    terminal.err().flush();
  }

  private void trace(Throwable failure) {
    if (TRACE) {
      failure.printStackTrace(terminal.err());
    }
  }

  /** Messages with several lines are lists; their items are joined. Other control characters are shown as escapes. */
  static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message.length());
    for (String part : message.split("\\R")) {
      if (!part.isBlank()) {
        line.append(line.isEmpty() ? "" : line.charAt(line.length() - 1) == ':' ? " " : "; ").append(part.strip());
      }
    }
    for (int i = 0; i < line.length(); i++) {
      if (Character.isISOControl(line.charAt(i))) {
        String escape = String.format("\\u%04x", (int) line.charAt(i));
        line.replace(i, i + 1, escape);
        i += escape.length() - 1;
      }
    }
    return line.toString();
  }
}
