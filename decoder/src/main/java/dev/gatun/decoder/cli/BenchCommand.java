package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.SpeculatedRate;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How fast models run: each repeat feeds a prompt of seeded tokens to an empty cache and then decodes after it. With a depth both are
 * measured apart, each after that many tokens, as llama-bench does. Lists are measured in every combination, repeat by repeat in turn.
 */
@Command(name = "bench",
    description = "Measure prefill and decode speed; without --model on an embedded model, so that nothing is downloaded. "
        + "Options with [,..] take lists, and numbers also ranges such as 0-1024+256 or 1-8*2: every combination is measured, the repeats of all in turn.",
    footer = {"", "With --compare FILE what FILE holds is measured again. A test has become slower if its median, corrected for how the machine's own speed",
        "changed, fell by more than 5 %% and by more than the noise of both runs, if a rank test gives that a chance under 1 %%, and if all this holds again",
        "in two more measurements of more repeats. What is counted (kernels and bytes of a step) must not grow at all. Exit codes: 0 nothing is slower,",
        "1 something is, 2 FILE can't be compared with this machine, model or these options.", "", "Examples:", "  gatun bench",
        "  gatun bench --shape qwen3-0.6b --type q4_0,q8_0 -p 128,512 -n 64 -d 0,1024 -r 5 --output md", "  gatun bench --model model.gguf --json",
        "  gatun bench -r 10 --save base.json; gatun bench --compare base.json"})
final class BenchCommand implements Callable<Integer> {
  private static final int DEFAULT_REPEATS = 5;
  private static final int MOST_REPEATS = 1000;
  private static final double LONGEST_WARM_UP = 600;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin ModelChoices models;
  @Mixin RateTests tests;

  @Option(names = {"-r", "--repetitions"}, paramLabel = "N",
      description = "How often it is measured. Default: " + DEFAULT_REPEATS + ", with --compare as often as before.")
  Optional<Integer> repeats = Optional.empty();

  @Option(names = "--warm-up", paramLabel = "SECONDS", defaultValue = "1",
      description = "How long each test runs before it is measured, at least once. Default: ${DEFAULT-VALUE}.")
  double warmUp;

  @Option(names = "--pretend", description = "Fill the depth with seeded keys and values instead of feeding tokens: a deep cache at once, for measuring.")
  boolean pretend;

  @Mixin BackendChoices backends;
  @Mixin CacheChoice cache;
  @Mixin SpeculationChoice speculation;

  @Option(names = "--output", paramLabel = "FORM", defaultValue = "text",
      description = "text, md, json, jsonl or csv; all but text have the columns of llama-bench. Default: ${DEFAULT-VALUE}.")
  BenchOutput output;

  @Option(names = "--json", description = "The same as --output json: an array with a row for each test, with the field names of llama-bench.")
  boolean json;

  @Option(names = "--save", paramLabel = "FILE", converter = FileName.class, description = "Also write the rows to this file, as JSON.")
  Optional<Path> save = Optional.empty();

  @Option(names = "--compare", paramLabel = "FILE", converter = FileName.class,
      description = "Measure the tests of this file again, which is JSON of an earlier run, and fail if one became slower.")
  Optional<Path> base = Optional.empty();

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (json) {
      output = BenchOutput.JSON;
    }
    checkUsage();
    cache.check();
    speculation.check();
    List<Map<String, Object>> rows = new ArrayList<>();
    int code = base.isPresent() ? compare(base.get(), rows) : measure(rows);
    if (save.isPresent()) {
      save(save.get(), rows);
    }
    return code;
  }

  private void checkUsage() {
    if (repeats.orElse(1) < 1 || repeats.orElse(1) > MOST_REPEATS) {
      throw new ParameterException(spec.commandLine(), "-r must be from 1 to " + MOST_REPEATS + ", not " + repeats.get());
    }
    if (!(warmUp >= 0 && warmUp <= LONGEST_WARM_UP)) {
      throw new ParameterException(spec.commandLine(), "--warm-up must be from 0 to " + (int) LONGEST_WARM_UP + " seconds, not " + warmUp);
    }
    if (save.isPresent() && !Files.isDirectory(save.get().toAbsolutePath().getParent())) {
      throw new ParameterException(spec.commandLine(), "--save: the folder of " + save.get() + " does not exist");
    }
  }

  private int measure(List<Map<String, Object>> rows) {
    List<RateTest> wanted = tests.all();
    List<Integer> depths = tests.depths();
    List<BenchSetting> settings = new ArrayList<>();
    if (speculation.given()) {
      SpeculatedBench.check(spec.commandLine(), wanted);
    }
    List<BackendChoice> choices = backends.choices();
    for (ModelSource source : models.sources()) {
      for (BackendChoice choice : choices) {
        settings.add(new BenchSetting(source, choice, cache, pretend, wanted));
      }
    }
    try (BenchRun run = new BenchRun(terminal, spec.commandLine(), warmUp, settings)) {
      run.each(block -> {
        List<BenchResult> results = List.copyOf(block.measure(block.keys(), repeats.orElse(DEFAULT_REPEATS)).values());
        SpeculatedBench speculated = new SpeculatedBench(terminal, speculation, repeats.orElse(DEFAULT_REPEATS));
        Map<BenchResult, SpeculatedRate> beside = speculation.given() ? speculated.measure(results) : Map.of();
        for (BenchResult result : results) {
          Map<String, Object> row = BenchRows.of(result);
          Optional.ofNullable(beside.get(result)).ifPresent(rate -> row.putAll(speculated.fields(rate)));
          rows.add(row);
        }
        if (output == BenchOutput.TEXT) {
          BenchText.print(terminal.out(), results, depths);
          speculated.print(terminal.out(), beside);
        }
      });
    }
    if (output != BenchOutput.TEXT) {
      output.write(terminal.out(), rows);
    }
    return 0;
  }

  private int compare(Path file, List<Map<String, Object>> rows) {
    for (String option : new String[] {"-p", "-n", "-pg", "-d", "--sequences", "--pretend", "--context", "--cache-type", "--activations", "--speculate"}) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new ParameterException(spec.commandLine(), option + " is what --compare takes from " + file + ": leave it out");
      }
    }
    BenchBase before = BenchBase.read(spec.commandLine(), file);
    List<BenchSetting> settings = before.settings(spec, models, backends);
    try (BenchRun run = new BenchRun(terminal, spec.commandLine(), warmUp, settings)) {
      BenchGate gate = new BenchGate(before, repeats);
      run.each(block -> rows.addAll(gate.judge(block)));
      return gate.report(terminal.out(), output) ? 0 : 1;
    }
  }

  private void save(Path file, List<Map<String, Object>> rows) {
    try (PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
      BenchOutput.JSON.write(out, rows);
      if (out.checkError()) {
        throw new IOException("can't be written");
      }
    } catch (IOException e) {
      throw new InputException(file + ": " + e.getMessage(), e);
    }
  }
}
