package dev.gatun.decoder.cli.rate;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import java.util.stream.LongStream;

/** Repeats of several tests in turn: a disturbance that lasts falls on one repeat of each instead of on all of one. */
public final class RoundRobin {
  /** The calibration takes this part of the time of what it stands beside. */
  private static final int CALIBRATED = 4;

  private RoundRobin() {}

  /** A test on a decoder. */
  public record Key(TimedDecoder on, RateTest test) {}

  /** A pass on a decoder, with what calibrates there. */
  public record Lane(TimedDecoder on, Pass pass, Calibration calibration) {}

  /** Measures each of them so often. @param heard hears of each lane that comes next, with the number of the repeat */
  public static Map<Key, Measured> measure(List<Lane> lanes, int repeats, ObjIntConsumer<Lane> heard) {
    Map<Key, Measured> all = new LinkedHashMap<>();
    Map<Lane, Long> last = new HashMap<>();
    for (int i = 0; i < repeats; i++) {
      for (Lane lane : lanes) {
        heard.accept(lane, i);
        Calibration.Sample beside = lane.calibration().sample(last.getOrDefault(lane, 0L) / CALIBRATED);
        long[] nanos = lane.on().run(lane.pass());
        last.put(lane, LongStream.of(nanos).sum());
        List<RateTest> tests = lane.pass().tests();
        for (int t = 0; t < nanos.length; t++) {
          all.computeIfAbsent(new Key(lane.on(), tests.get(t)), _ -> new Measured()).add(nanos[t], beside);
        }
      }
    }
    return all;
  }
}
