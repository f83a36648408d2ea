package dev.gatun.bench;

import dev.gatun.bench.operator.RooflineProfiler;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
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

  static int status(PrintStream out, String... words) throws IOException {
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
    try {
      results = new Runner(options(wanted, folder)).run();
    } catch (RunnerException e) {
      System.err.println(e.getMessage());
      results = List.of();
      if (journal.entries().isEmpty()) {
        return FAILED;
      }
    }
    List<Journal.Entry> missing = missing(journal, results);
    if (wanted.getResult().hasValue() || wanted.getResultFormat().hasValue()) {
      Path facts = FactsFile.beside(wanted);
      FactsFile.write(facts, journal, missing, words);
      out.println("Facts of this run: " + facts);
    }
    missing.forEach(entry -> out.println((switch (entry.outcome()) {
      case NOT_RUN -> "Not run: ";
      case WRONG -> "WRONG: ";
      case FAILED, BEGAN -> "FAILED: ";
    }) + entry.wanted() + ": " + entry.reason()));
    return missing.stream().allMatch(entry -> entry.outcome() == Journal.Outcome.NOT_RUN) ? OK : FAILED;
  }

  private static Options options(CommandLineOptions wanted, Path folder) {
    List<String> arguments = new ArrayList<>(wanted.getJvmArgsPrepend().orElse(List.of()));
    arguments.add("-D" + Journal.PROPERTY + "=" + folder);
    return new OptionsBuilder().parent(wanted).addProfiler(RooflineProfiler.class).jvmArgsPrepend(arguments.toArray(String[]::new)).build();
  }

  /** What has no result, with the reason: also what began and was never heard of again. */
  private static List<Journal.Entry> missing(Journal journal, Collection<RunResult> results) {
    Set<List<Object>> known = new HashSet<>();
    results.forEach(result -> known.add(List.of(result.getParams().getBenchmark(), Journal.parameters(result.getParams()))));
    List<Journal.Entry> entries = journal.entries();
    List<Journal.Entry> missing = new ArrayList<>();
    Set<List<Object>> seen = new HashSet<>();
    entries.stream().filter(entry -> entry.outcome() != Journal.Outcome.BEGAN).filter(entry -> seen.add(List.of(entry.benchmark(), entry.parameters())))
        .forEach(missing::add);
    entries.stream().filter(entry -> !known.contains(List.of(entry.benchmark(), entry.parameters())))
        .filter(entry -> seen.add(List.of(entry.benchmark(), entry.parameters())))
        .map(entry -> new Journal.Entry(Journal.Outcome.FAILED, entry.benchmark(), entry.parameters(), "its JVM ended before there was a result; see above"))
        .forEach(missing::add);
    return missing;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
