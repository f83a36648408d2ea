package dev.gatun.decoder.cli;

import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Comparison;
import dev.gatun.tck.Inspection;
import dev.gatun.tck.Level;
import dev.gatun.tck.Report;
import dev.gatun.tck.ReportHtml;
import dev.gatun.tck.ReportJson;
import dev.gatun.tck.ReportText;
import dev.gatun.tck.Scale;
import dev.gatun.tck.Suite;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.Validation;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Holds a backend to the validation suite. */
@Command(name = "validate", description = "Hold a backend to the validation suite, each group of operators in a process of its own.",
    footer = {"", "Examples:", "  gatun validate --backend cpu", "  gatun validate --backend cpu --level standard --json report.json --html report.html",
        "  gatun validate --backend cpu --op matmul,attention", "  gatun validate --backend cpu --case 'rms_norm(rows=4, n=65)'",
        "  gatun validate --compare mine.json theirs.json", "",
        "Exit codes: 0 passed (nothing failed, everything was run), or the reports compared are the same; 1 not; 2 wrong usage."})
final class ValidateCommand implements Callable<Integer> {
  private static final int LONGEST_SECONDS = 86_400;
  private static final String EMULATED = "emulat";
  private static final Path STANDARD_OUTPUT = Path.of("-");

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin BackendChoice backend;

  @Option(names = "--level", paramLabel = "LEVEL", defaultValue = "quick",
      description = "quick (a minute on a CPU), standard or full. Default: ${DEFAULT-VALUE}.")
  Level level;

  @Option(names = "--op", paramLabel = "NAME[,NAME]", split = ",", description = "Only these operators or other families of cases.")
  List<String> families = new ArrayList<>();

  @Option(names = "--case", paramLabel = "LINE", description = "One case by its line, whatever the level; may be repeated.")
  List<String> cases = new ArrayList<>();

  @Option(names = "--emulated", description = "Scale the largest sizes down; the default for a device that says it is emulated.")
  boolean emulated;

  @Option(names = "--shapes", paramLabel = "FILE", converter = FileName.class, description = "Models' shapes to run in place of the suite's own.")
  Optional<Path> shapes = Optional.empty();

  @Option(names = "--seed", paramLabel = "N", description = "The seed of every input. Default: the suite's.")
  long seed = Suite.SEED;

  @Option(names = "--timeout", paramLabel = "SECONDS", description = "What a case may take; longer is a hang. Default: 120.")
  int timeout = (int) Validation.TIMEOUT.toSeconds();

  @Option(names = "--in-process", description = "Run in this process: for a debugger. A crash or a hang then ends or halts everything.")
  boolean inProcess;

  @Option(names = "--json", paramLabel = "FILE", converter = FileName.class,
      description = "Write the report as JSON, compressed if the name ends in .gz; - for standard output, where it is then "
          + "all that is written.")
  Optional<Path> json = Optional.empty();

  @Option(names = "--html", paramLabel = "FILE", converter = FileName.class, description = "Write the report as one HTML page.")
  Optional<Path> html = Optional.empty();

  @Option(names = "--list", description = "Print the cases' lines and run nothing.")
  boolean list;

  @Option(names = "--compare", paramLabel = "REPORT", arity = "2", converter = FileName.class, description = "Compare two reports in JSON and run nothing.")
  List<Path> compare = new ArrayList<>();

  @Option(names = "--verbose", description = "Tell every case as it ends, and list everything at the end.")
  boolean verbose;

  ValidateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (!compare.isEmpty()) {
      Comparison comparison = Comparison.of(ReportJson.read(compare.getFirst()), ReportJson.read(compare.getLast()));
      terminal.out().print(comparison.text());
      return comparison.same() ? 0 : Errors.DATA;
    }
    checkUsage();
    try {
      if (list) {
        boolean named = backend.name.isPresent() && backend.name.get().contains(EMULATED);
        asked("").list(named ? Scale.EMULATED : Scale.DEVICE).forEach(test -> terminal.out().println(test.line()));
        return 0;
      }
      return run(asked(backend.name.orElseThrow(() -> wrong("--backend is missing: the name of the backend to validate; 'gatun backends' lists them"))));
    } catch (CaseException e) {
      throw wrong(e.getMessage());
    }
  }

  private void checkUsage() {
    backend.checkSettings();
    if (timeout < 1 || timeout > LONGEST_SECONDS) {
      throw wrong("--timeout must be from 1 to " + LONGEST_SECONDS + " seconds, not " + timeout);
    }
    if (!cases.isEmpty() && !families.isEmpty()) {
      throw wrong("--op and --case do not go together: a case names its operator");
    }
    json.filter(file -> !file.equals(STANDARD_OUTPUT)).ifPresent(file -> checkPlace("--json", file));
    html.ifPresent(file -> checkPlace("--html", file));
  }

  /** A report that can't be written is better known before the run than after it. */
  private void checkPlace(String option, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw wrong(option + " " + file + ": " + (Files.isDirectory(file) ? "that is a folder" : "there is no folder " + folder));
    }
    if (!Files.isWritable(Files.exists(file) ? file : folder)) {
      throw wrong(option + " " + file + " can't be written");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), Errors.oneLine(message));
  }

  private Validation asked(String name) {
    Validation asked = Validation.of(name).withOptions(backend.settings()).withLevel(level).withSeed(seed).withFamilies(families).withCases(cases)
        .withTimeout(Duration.ofSeconds(timeout)).withInProcess(inProcess);
    if (emulated) {
      asked = asked.withScale(Scale.EMULATED);
    }
    return shapes.isPresent() ? asked.withShapes(shapes.get()) : asked;
  }

  private int run(Validation asked) {
    try (Cancellation cancellation = new Cancellation(); Inspection inspection = open(asked)) {
      try (ValidationProgress progress = new ValidationProgress(terminal, inspection.cases().size(), verbose)) {
        for (TestCase test : inspection.order()) {
          if (cancellation.requested()) {
            inspection.stop();
          }
          progress.at(test);
          CaseResult result = inspection.examine(test);
          progress.told(result);
        }
      }
      Report report = inspection.report();
      write(report);
      return report.passed() ? 0 : Errors.DATA;
    }
  }

  private Inspection open(Validation asked) {
    try {
      return asked.open();
    } catch (BackendUnavailableException e) {
      if (e.getMessage().startsWith("no backend named")) {
        throw wrong(e.getMessage());
      }
      throw e;
    } catch (GatunException e) {
      // What is wrong with the machine has a type of its own; what is left is about the settings.
      if (e.getClass() == GatunException.class && backend.hasSettings()) {
        throw wrong(e.getMessage());
      }
      throw e;
    }
  }

  private interface Body {
    void to(Appendable out) throws IOException;
  }

  private void write(Report report) {
    boolean alone = json.isPresent() && json.get().equals(STANDARD_OUTPUT);
    if (alone) {
      printing(out -> ReportJson.write(report, out));
    } else {
      json.ifPresent(file -> writing(file, () -> ReportJson.write(report, file)));
    }
    html.ifPresent(file -> writing(file, () -> {
      try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
        ReportHtml.write(report, out);
      }
    }));
    if (!alone) {
      printing(out -> ReportText.write(report, out, verbose));
    }
    terminal.out().flush();
  }

  private void printing(Body body) {
    try {
      body.to(terminal.out());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private interface Writing {
    void run() throws IOException;
  }

  private static void writing(Path file, Writing writing) {
    try {
      writing.run();
    } catch (IOException e) {
      throw new GatunException(file + ": the report can't be written: " + e.getMessage(), e);
    }
  }
}
