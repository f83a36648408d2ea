package dev.gatun.decoder.cli;

import dev.gatun.GatunException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code gatun} command. Results go to standard output, everything else to standard error. */
@Command(name = "gatun", versionProvider = Version.class, synopsisSubcommandLabel = "COMMAND",
    description = "Transformer inference on the JVM: runs and measures GGUF models.",
    footer = {"", "Examples:", "  gatun bench", "  gatun run --model model.gguf --prompt 'Once upon a time'", "",
        "Exit codes: 0 done, 1 a file, device or the program itself failed, 2 wrong usage."})
public final class GatunCommand implements Runnable {
  private static final int COLUMNS = 110;

  /** A text may be {@code --}, so that it ends no options; no argument holds this character. */
  private static final String NO_DELIMITER = "\0";
  private static final Map<String, Function<Terminal, Callable<Integer>>> COMMANDS = commands();

  @Mixin Help help;

  @Spec CommandSpec spec;

  @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the versions of gatun and Java and exit.")
  boolean version;

  private GatunCommand() {}

  private static Map<String, Function<Terminal, Callable<Integer>>> commands() {
    Map<String, Function<Terminal, Callable<Integer>>> all = new LinkedHashMap<>();
    all.put("bench", BenchCommand::new);
    all.put("kernels", KernelsCommand::new);
    all.put("run", RunCommand::new);
    all.put("logits", LogitsCommand::new);
    all.put("perplexity", PerplexityCommand::new);
    all.put("info", InfoCommand::new);
    all.put("tokenize", TokenizeCommand::new);
    all.put("backends", BackendsCommand::new);
    all.put("explain", ExplainCommand::new);
    all.put("validate", ValidateCommand::new);
    all.put("report", ReportCommand::new);
    all.put("make-model", MakeModelCommand::new);
    all.put("quantize", QuantizeCommand::new);
    return all;
  }

  /** Runs the command line on the process's own streams and ends the process with its exit code. */
  public static void main(String[] args) {
    StandardError.restore();
    System.exit(run(Terminal.ofProcess(), args));
  }

  /**
   * Runs a command line inside this process.
   *
   * @param out takes the results, in UTF-8 where they are JSON
   * @param err takes messages
   * @return the exit code: 0, 1 for a failure of data or device, 2 for wrong usage
   */
  public static int run(PrintStream out, PrintStream err, String... args) {
    return run(Terminal.of(out, err), args);
  }

  static int run(Terminal terminal, String... args) {
    Errors errors = new Errors(terminal);
    CommandLine line = commandLine(terminal, errors, args);
    try {
      int code = execute(line, errors, args);
      return code == 0 && terminal.out().checkError() ? errors.data(new GatunException("standard output can't be written")) : code;
    } catch (RuntimeException | Error e) {
      return errors.data(e, line.getParseResult());
    } finally {
      terminal.out().flush();
      terminal.err().flush();
    }
  }

  private static int execute(CommandLine line, Errors errors, String[] args) {
    CommandLine command = args.length == 0 ? null : line.getSubcommands().get(args[0]);
    try {
      if (command != null) {
        ForgottenValues.check(command, args);
      }
    } catch (ParameterException e) {
      return errors.handleParseException(e, args);
    }
    return line.execute(args);
  }

  private static CommandLine commandLine(Terminal terminal, Errors errors, String[] args) {
    CommandLine line = new CommandLine(new GatunCommand());
    // Reading the annotations of one command instead of all saves a tenth of a second.
    if (args.length > 0 && COMMANDS.containsKey(args[0])) {
      line.addSubcommand(COMMANDS.get(args[0]).apply(terminal));
    } else {
      COMMANDS.values().forEach(command -> line.addSubcommand(command.apply(terminal)));
    }
    return line.setOut(new PrintWriter(terminal.out(), true)).setErr(new PrintWriter(terminal.err(), true))
        .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.outSeen() ? Ansi.AUTO : Ansi.OFF)).setUsageHelpWidth(COLUMNS)
        .setCaseInsensitiveEnumValuesAllowed(true).setExpandAtFiles(false).setEndOfOptionsDelimiter(NO_DELIMITER)
        .setAllowOptionsAsOptionParameters(true).setParameterExceptionHandler(errors).setExecutionExceptionHandler(errors);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is wanted: " + String.join(", ", COMMANDS.keySet()));
  }
}
