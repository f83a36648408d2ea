package dev.gatun.decoder;

import dev.gatun.GatunException;
import dev.gatun.ShapeException;
import java.util.List;

/** What may be fed to a decoder. Asking makes no objects where it may. */
final class FeedRules {
  private FeedRules() {}

  /** Refuses what is no step of one token for each of some sequences. */
  static void each(Decoder decoder, List<Sequence> sequences, int[] ids) {
    if (sequences.isEmpty() || sequences.size() != ids.length) {
      throw new ShapeException("feed: " + ids.length + " tokens for " + sequences.size() + " sequences");
    }
    int most = decoder.options().chunk();
    if (sequences.size() > most || sequences.stream().distinct().count() != sequences.size()) {
      throw new ShapeException("feed: a step takes at most " + most + " sequences, each once");
    }
    for (int i = 0; i < ids.length; i++) {
      fits(decoder, sequences.get(i), ids, i, i + 1);
    }
  }

  /** Refuses ids that a sequence cannot take, of those {@code from} to {@code to}, exclusive. */
  static Sequence fits(Decoder decoder, Sequence sequence, int[] ids, int from, int to) {
    known(decoder, sequence, ids, from, to);
    int context = decoder.options().context();
    if (to - from > context - sequence.position()) {
      throw new ContextFullException(decoder.model().gguf().file(), sequence.position(), to - from, context);
    }
    return sequence;
  }

  /** Refuses what no sequence takes, whatever room it has. */
  static void known(Decoder decoder, Sequence sequence, int[] ids, int from, int to) {
    sequence.slot();
    if (sequence.decoder() != decoder) {
      throw new GatunException("a sequence of another decoder was fed");
    }
    if (to == from) {
      throw new ShapeException("feed: a sequence needs at least one token");
    }
    int vocabulary = decoder.model().dimensions().vocabulary();
    for (int i = from; i < to; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new ShapeException("feed: token id " + ids[i] + " is outside the vocabulary of " + vocabulary);
      }
    }
  }
}
