package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.RateTest;
import java.io.PrintStream;
import java.util.List;

/** Measurements for people: a paragraph for each setting. */
final class BenchText {
  private BenchText() {}

  /** @param depths those that were asked for, none where decoding came after the prompt */
  static void print(PrintStream out, List<BenchResult> results, List<Integer> depths) {
    List<BenchSession> sessions = results.stream().map(BenchResult::session).distinct().toList();
    for (BenchSession session : sessions) {
      if (session != sessions.getFirst()) {
        out.println();
      }
      print(out, session, results.stream().filter(result -> result.session() == session).toList(), depths);
    }
  }

  private static void print(PrintStream out, BenchSession session, List<BenchResult> results, List<Integer> depths) {
    ModelFacts facts = ModelFacts.of(session.model().gguf());
    Figures.line(out, "model", facts.type() + ", " + Units.bytes(facts.tensorBytes()) + ", " + session.model().gguf().file());
    if (depths.size() == 1) {
      Figures.line(out, "depth", depths.getFirst() + " tokens before prefill and before decode");
    }
    session.setting().backend().passedOver().ifPresent(others -> Figures.line(out, "passed over", others));
    results.getFirst().figures().printHeading(out);
    boolean several = results.stream().filter(result -> result.test().isDecode()).count() > 1 || depths.size() > 1;
    for (BenchResult result : results) {
      RateTest test = result.test();
      String where = several && test.depth() > 0 ? " after " + test.depth() : "";
      result.figures().printPrefill(out, where);
      result.figures().printDecode(out, where);
      if (!test.isPrefill() && !test.isDecode()) {
        Figures.line(out, "together", Figures.shown(result.rates(), 2) + " tokens/s, " + test + Figures.repeats(result.rates()));
      }
    }
    results.getFirst().figures().printMemory(out);
  }
}
