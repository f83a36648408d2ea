package dev.gatun.decoder.cli.rate;

import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.decoder.Decoder;
import java.util.Arrays;

/**
 * What of a decode step is the device's, and what the host's calls take, in nanoseconds, each the median of some.
 *
 * @param device from the end of a replay to the end of the next, replayed one right after the other, on the device's own clock
 * @param submit how long the call that submits a step takes
 * @param read how long the read of a token takes once the step is done
 */
public record HostShare(double device, double submit, double read) {
  private static final int RUNS = 21;

  /** Of the step that was fed last, for a token of each of {@code sequences} sequences. */
  public static HostShare of(Decoder decoder, int sequences) {
    Executable step = step(decoder, sequences);
    Stream stream = decoder.stream();
    Tensor chosen = step.program().outputs().stream().filter(output -> output.dtype() == DType.I32).findFirst().orElseThrow();
    Tensor one = Tensor.of(chosen.storage(), chosen.offset(), DType.I32, Shape.of(1));
    double[] submit = new double[RUNS];
    double[] read = new double[RUNS];
    for (int i = 0; i < RUNS; i++) {
      long started = System.nanoTime();
      stream.submit(step);
      submit[i] = System.nanoTime() - started;
      stream.synchronize();
      long done = System.nanoTime();
      stream.readInts(one);
      read[i] = System.nanoTime() - done;
    }
    double[] device = Arrays.stream(step.time(stream, RUNS)).asDoubleStream().toArray();
    return new HostShare(new Samples(device).median(), new Samples(submit).median(), new Samples(read).median());
  }

  /** The step for a token of each of some sequences. */
  static Executable step(Decoder decoder, int sequences) {
    return sequences == 1 ? decoder.executable(1) : decoder.executableOfEach(sequences);
  }
}
