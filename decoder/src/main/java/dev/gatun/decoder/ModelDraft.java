package dev.gatun.decoder;

import java.util.Arrays;
import java.util.List;

/** Guesses what a smaller model would say, which is chosen as the target's tokens are: with one seed both draw the same random numbers. */
final class ModelDraft implements Draft {
  private final Decoder decoder;
  private Sequence own;

  ModelDraft(Decoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public int propose(Sequence sequence, int next, int[] into) {
    int length = sequence.position();
    // The last guess is not fed.
    int most = Math.min(into.length, decoder.options().context() - length);
    int vocabulary = Math.min(decoder.model().dimensions().vocabulary(), sequence.decoder().model().dimensions().vocabulary());
    if (most < 1 || next >= vocabulary) {
      return 0;
    }
    if (own == null || !own.sampling().equals(sequence.sampling())) {
      close();
      own = decoder.newSequence(sequence.sampling());
    }
    int same = 0;
    while (same < Math.min(own.position(), length) && own.id(same) == sequence.id(same)) {
      same++;
    }
    decoder.truncate(own, same);
    int[] missing = new int[length - same + 1];
    for (int i = 0; i < length - same; i++) {
      missing[i] = sequence.id(same + i);
    }
    missing[length - same] = next;
    if (Arrays.stream(missing).anyMatch(id -> id >= vocabulary)) {
      return 0;
    }
    into[0] = decoder.feed(own, missing);
    int[] count = {1};
    if (most > 1 && into[0] < vocabulary) {
      decoder.follow(List.of(own), new int[] {into[0]}, most - 1, chosen -> {
        into[count[0]] = chosen[0];
        count[0]++;
        return chosen[0] < vocabulary;
      });
    }
    return into[count[0] - 1] < vocabulary ? count[0] : count[0] - 1;
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
      own = null;
    }
  }
}
