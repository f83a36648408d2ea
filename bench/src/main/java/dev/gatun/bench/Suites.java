package dev.gatun.bench;

import dev.gatun.bench.operator.RooflineProfiler;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Defaults;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** The benchmarks that the jar holds, run by JMH with its usual options. */
public final class Suites {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int BAD_OPTIONS = 2;

  private Suites() {}

  /** Runs what the words of a JMH command line ask for, and ends the JVM with 1 if an answer was wrong. */
  public static void run(String... words) throws IOException {
    int status = status(System.out, words);
    if (status != OK) {
      System.exit(status);
    }
  }

  /**
   * Runs what the words of a JMH command line ask for.
   *
   * @param out where results go, and at the end what was not run
   * @return 0, or 1 if an answer was wrong or a benchmark broke, or 2 for words that make no sense
   */
  public static int status(PrintStream out, String... words) throws IOException {
    CommandLineOptions wanted;
    try {
      wanted = new CommandLineOptions(words);
    } catch (CommandLineOptionException e) {
      System.err.println(e.getMessage() + "; -h lists the options");
      return BAD_OPTIONS;
    }
    if (wanted.shouldHelp() || wanted.shouldList() || wanted.shouldListWithParams() || wanted.shouldListProfilers() || wanted.shouldListResultFormats()) {
      org.openjdk.jmh.Main.main(words);
      return OK;
    }
    Path folder = Files.createTempDirectory("gatun-bench-");
    try {
      return status(out, wanted, folder, words);
    } finally {
      System.clearProperty(Journal.PROPERTY);
      delete(folder);
    }
  }

  private static int status(PrintStream out, CommandLineOptions wanted, Path folder, String... words) throws IOException {
    Journal journal = new Journal(folder);
    // For what runs in this JVM, without forks.
    System.setProperty(Journal.PROPERTY, folder.toString());
    Collection<RunResult> results;
    Heard heard = new Heard();
    PrintStream log = wanted.getOutput().hasValue() ? new PrintStream(wanted.getOutput().get()) : out;
    try {
      OutputFormat format = OutputFormatFactory.createFormatInstance(log, wanted.verbosity().orElse(Defaults.VERBOSITY));
      results = new Runner(options(wanted, folder), heard.listening(format)).run();
    } catch (RunnerException e) {
      System.err.println(e.getMessage());
      return FAILED;
    }
    List<Journal.Entry> missing = heard.missing(results.stream().map(result -> Heard.key(result.getParams())).collect(Collectors.toSet()), journal.entries());
    if (wanted.getResult().hasValue() || wanted.getResultFormat().hasValue()) {
      Path facts = FactsFile.beside(wanted);
      FactsFile.write(facts, journal, missing, words);
      out.println("Facts of this run: " + facts);
    }
    missing.forEach(entry -> out.println((switch (entry.outcome()) {
      case NOT_RUN -> "Not run: ";
      case WRONG -> "WRONG: ";
      case FAILED -> "FAILED: ";
    }) + entry.wanted() + ": " + entry.reason()));
    return missing.stream().allMatch(entry -> entry.outcome() == Journal.Outcome.NOT_RUN) ? OK : FAILED;
  }

  private static Options options(CommandLineOptions wanted, Path folder) {
    List<String> arguments = new ArrayList<>(wanted.getJvmArgsPrepend().orElse(List.of()));
    arguments.add("-D" + Journal.PROPERTY + "=" + folder);
    return new OptionsBuilder().parent(wanted).addProfiler(RooflineProfiler.class).jvmArgsPrepend(arguments.toArray(String[]::new)).build();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
