package dev.gatun.decoder.cli;

import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Report;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.Verdict;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/** How far a validation is: a bar on a terminal, or a line for each case where all are to be told. */
final class ValidationProgress implements AutoCloseable {
  private static final int BAR = 16;
  private static final int FAMILY = 18;
  private static final int MINUTE = 60;
  private static final double NANOS_PER_SECOND = 1e9;
  /** Before, the rate says more about the start than about the cases. */
  private static final int FIRST = 10;

  private final PrintStream err;
  private final Optional<Progress> progress;
  private final int total;
  private final long started = System.nanoTime();
  private int done;
  private int failed;

  ValidationProgress(Terminal terminal, int total, boolean verbose) {
    this.err = terminal.err();
    this.total = total;
    this.progress = verbose ? Optional.empty() : Optional.of(Progress.of(terminal, "validating"));
  }

  /** A case begins. */
  void at(TestCase test) {
    double seconds = (System.nanoTime() - started) / NANOS_PER_SECOND;
    progress.ifPresent(line -> line.show(line(test.family(), done, total, failed, seconds)));
  }

  static String line(String family, int done, int total, int failed, double seconds) {
    int full = total == 0 ? 0 : (int) ((long) BAR * done / total);
    String rest = done < FIRST || seconds <= 0 ? "" : String.format(Locale.ROOT, "  %.0f/s, %s left", done / seconds, left((total - done) * seconds / done));
    return "[" + "#".repeat(full) + ".".repeat(BAR - full) + "] " + done + "/" + total + (failed == 0 ? "" : ", " + failed + " failed") + "  "
        + (family.length() > FAMILY ? family.substring(0, FAMILY) : family) + rest;
  }

  private static String left(double seconds) {
    long whole = Math.round(seconds);
    return whole < MINUTE ? whole + " s" : whole / MINUTE + ":" + String.format(Locale.ROOT, "%02d", whole % MINUTE);
  }

  /** A case has ended. */
  void told(CaseResult result) {
    done++;
    if (result.verdict() == Verdict.FAIL) {
      failed++;
    }
    if (progress.isEmpty()) {
      double share = Report.share(result);
      err.println(result.verdict().label() + "  " + result.test().line() + "  " + Units.seconds(result.nanos())
          + (share == 0 ? "" : String.format(Locale.ROOT, "  %.2g of the bound", share))
          + (result.message().isEmpty() ? "" : "  " + Errors.oneLine((result.check().isEmpty() ? "" : result.check() + ": ") + result.message())));
    }
  }

  @Override
  public void close() {
    progress.ifPresent(Progress::close);
  }
}
