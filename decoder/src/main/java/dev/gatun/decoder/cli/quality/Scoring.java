package dev.gatun.decoder.cli.quality;

import dev.gatun.GatunException;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Scores windows with several decoders side by side: the first is what the others are compared with. Logits are held for a slice of a window at a time, of all rows
 * of two decoders.
 */
public final class Scoring {
  /** Floats of logits in a slice: 32 MB, also on the device. */
  private static final int SLICE = 1 << 23;

  private final List<Decoder> decoders;
  private final Quality[] qualities;
  private final long[] nanos;
  private final int rows;
  private long tokens;

  /** Over decoders of one vocabulary whose context holds a window. */
  public Scoring(List<Decoder> decoders) {
    this.decoders = List.copyOf(decoders);
    this.qualities = new Quality[decoders.size()];
    Arrays.setAll(qualities, i -> new Quality());
    this.nanos = new long[decoders.size()];
    this.rows = Math.max(1, SLICE / decoders.getFirst().model().dimensions().vocabulary());
  }

  /**
   * Scores one window.
   *
   * @throws GatunException naming the file, if logits are not finite
   */
  public void score(Windows windows, int index) {
    int[] ids = windows.window(index);
    int first = windows.firstScored();
    List<Sequence> sequences = new ArrayList<>();
    try {
      for (int i = 0; i < decoders.size(); i++) {
        sequences.add(decoders.get(i).newSequence(Sampling.greedy()));
        long started = System.nanoTime();
        decoders.get(i).feed(sequences.get(i), Arrays.copyOf(ids, first));
        nanos[i] += System.nanoTime() - started;
      }
      // The last token is only predicted.
      for (int from = first, to; from < ids.length - 1; from = to) {
        to = Math.min(ids.length - 1, from + rows);
        slice(sequences, ids, from, to);
      }
      tokens += ids.length - 1;
    } finally {
      sequences.forEach(Sequence::close);
    }
  }

  private void slice(List<Sequence> sequences, int[] ids, int from, int to) {
    float[][] base = null;
    double[] baseNats = new double[to - from];
    for (int i = 0; i < decoders.size(); i++) {
      long started = System.nanoTime();
      float[][] logits = decoders.get(i).logits(sequences.get(i), Arrays.copyOfRange(ids, from, to));
      nanos[i] += System.nanoTime() - started;
      for (int row = 0; row < logits.length; row++) {
        if (base == null) {
          baseNats[row] = qualities[i].score(logits[row], ids[from + row + 1]);
        } else {
          qualities[i].score(logits[row], ids[from + row + 1], base[row], baseNats[row]);
        }
      }
      if (!Double.isFinite(qualities[i].loss().mean())) {
        throw new GatunException(decoders.get(i).model().gguf().file() + ": the logits between positions " + from + " and " + to
            + " of a window are not finite; the weights may hold NaN or infinity, or have overflowed");
      }
      base = base == null ? logits : base;
    }
  }

  /** What a decoder's model reached so far. */
  public Quality quality(int decoder) {
    return qualities[decoder];
  }

  /** Tokens that a decoder was fed in a second, scoring aside. */
  public double tokensPerSecond(int decoder) {
    return tokens * 1e9 / Math.max(1, nanos[decoder]);
  }
}
