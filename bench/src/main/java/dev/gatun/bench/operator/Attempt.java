package dev.gatun.bench.operator;

import dev.gatun.GatunException;
import dev.gatun.bench.Journal;
import dev.gatun.bench.NotRunException;
import dev.gatun.bench.WrongAnswerException;
import org.openjdk.jmh.infra.BenchmarkParams;

/** The setup of a benchmark, of which the journal hears. */
final class Attempt {
  private Attempt() {}

  /** @throws NotRunException for whatever a backend refuses */
  static void of(BenchmarkParams params, Runnable setup) {
    Journal journal = Journal.ofThisRun();
    try {
      setup.run();
    } catch (WrongAnswerException e) {
      journal.add(Journal.Outcome.WRONG, params, e.getMessage());
      throw e;
    } catch (NotRunException e) {
      journal.add(Journal.Outcome.NOT_RUN, params, e.reason());
      throw e;
    } catch (GatunException e) {
      NotRunException refused = new NotRunException(e.getMessage());
      journal.add(Journal.Outcome.NOT_RUN, params, refused.reason());
      throw refused;
    } catch (RuntimeException | Error e) {
      journal.add(Journal.Outcome.FAILED, params, e.toString());
      throw e;
    }
  }
}
