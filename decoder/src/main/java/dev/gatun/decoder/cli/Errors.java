package dev.gatun.decoder.cli;

import dev.gatun.GatunException;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Every failure as one line on the error stream: exit code 2 for wrong usage, 1 for anything about data, devices or the program itself. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  static final int USAGE = 2;
  static final int DATA = 1;

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
    return data(failure);
  }

  /** Reports what no command expects, errors of the JVM among them. */
  int data(Throwable failure) {
    say(switch (failure) {
      case GatunException known -> String.valueOf(known.getMessage());
      case UncheckedIOException io -> io(io.getCause());
      case IOException io -> io(io);
      case OutOfMemoryError memory -> "out of memory (" + memory.getMessage()
          + "): use a smaller model or context, or give the JVM more with GATUN_JVM_ARGS='-Xmx4g -XX:MaxDirectMemorySize=64g'";
      case StackOverflowError _ -> "internal error: the stack overflowed; run with GATUN_DEBUG=1 for the stack trace";
      default -> "internal error: " + failure + "; run with GATUN_DEBUG=1 for the stack trace";
    });
    trace(failure);
    return DATA;
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
