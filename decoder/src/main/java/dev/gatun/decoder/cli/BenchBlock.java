package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.decoder.cli.rate.Calibration;
import dev.gatun.decoder.cli.rate.Measured;
import dev.gatun.decoder.cli.rate.Pass;
import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.RoundRobin;
import dev.gatun.decoder.cli.rate.Samples;
import dev.gatun.decoder.cli.rate.StepFacts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Settings that are in memory together, so that their tests are repeated in turn; owned. */
final class BenchBlock implements AutoCloseable {
  private static final Samples NONE = new Samples(Double.NaN);

  private final Terminal terminal;
  private final List<BenchSession> sessions;
  private final Map<Backend, Calibration> calibrations = new LinkedHashMap<>();
  private final Map<RoundRobin.Key, StepFacts> facts = new HashMap<>();
  private final double warmUp;
  private Optional<ProcessMemory> memory = Optional.empty();

  /** @param warmUp for how many seconds each pass runs before anything is measured, and once at least */
  BenchBlock(Terminal terminal, List<BenchSession> sessions, double warmUp) {
    this.terminal = terminal;
    this.sessions = List.copyOf(sessions);
    this.warmUp = warmUp;
  }

  /** Warms up and calibrates, once. */
  private void ready() {
    if (!calibrations.isEmpty()) {
      return;
    }
    try (Progress progress = Progress.of(terminal, "warming up")) {
      for (BenchSession session : sessions) {
        Pass.of(session.tests(), session.setting().pretend()).forEach(pass -> session.timed().warmUp(pass, warmUp));
      }
      // Before the calibration takes some of its own.
      memory = ProcessMemory.now();
      progress.say("calibrating");
      for (BenchSession session : sessions) {
        calibrations.computeIfAbsent(session.decoder().backend(), backend -> new Calibration(backend, session.threads()));
      }
    }
  }

  List<BenchSession> sessions() {
    return sessions;
  }

  /** Every test. */
  List<RoundRobin.Key> keys() {
    List<RoundRobin.Key> all = new ArrayList<>();
    sessions.forEach(session -> session.tests().forEach(test -> all.add(new RoundRobin.Key(session.timed(), test))));
    return all;
  }

  /** Measures some of the tests so often. */
  Map<RoundRobin.Key, BenchResult> measure(List<RoundRobin.Key> wanted, int repeats) {
    ready();
    List<RoundRobin.Lane> lanes = new ArrayList<>();
    for (BenchSession session : sessions) {
      List<RateTest> tests = wanted.stream().filter(key -> key.on() == session.timed()).map(RoundRobin.Key::test).toList();
      Pass.of(tests, session.setting().pretend())
          .forEach(pass -> lanes.add(new RoundRobin.Lane(session.timed(), pass, calibrations.get(session.decoder().backend()))));
    }
    Map<RoundRobin.Key, BenchResult> results = new LinkedHashMap<>();
    try (Progress progress = Progress.of(terminal, "measuring")) {
      Map<RoundRobin.Key, Measured> measured = RoundRobin.measure(lanes, repeats, (lane, turn) -> progress.at(turn, repeats));
      progress.say("counting what a step does");
      wanted.stream().filter(key -> key.test().generated() > 0)
          .forEach(key -> facts.computeIfAbsent(key, of -> of.on().facts(of.test())));
      progress.say("measuring bandwidth");
      for (BenchSession session : sessions) {
        for (RateTest test : session.tests()) {
          RoundRobin.Key key = new RoundRobin.Key(session.timed(), test);
          if (measured.containsKey(key)) {
            results.put(key, result(session, key, measured.get(key)));
          }
        }
      }
    }
    return results;
  }

  private BenchResult result(BenchSession session, RoundRobin.Key key, Measured measured) {
    RateTest test = key.test();
    Optional<StepFacts> counted = Optional.ofNullable(facts.get(key));
    Figures figures = new Figures(session.decoder(), session.loadNanos(), test.isPrefill() ? test.prompt() : 0, test.isPrefill() ? measured.nanos() : NONE,
        test.sequences(), test.isDecode() ? test.generated() : 0, test.isDecode() ? measured.nanos() : NONE, counted.map(StepFacts::host), memory,
        session.decoder().backend().bandwidth());
    return new BenchResult(session, test, measured, counted, figures);
  }

  @Override
  public void close() {
    calibrations.values().forEach(Calibration::close);
    sessions.forEach(BenchSession::close);
  }
}
