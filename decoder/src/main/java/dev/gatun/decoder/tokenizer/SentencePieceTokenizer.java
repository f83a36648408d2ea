package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The model {@code llama}: spaces become U+2581, the text starts as single characters, and of all neighbours that together are a token
 * those with the highest score merge first; characters left without a token become their bytes {@code <0xHH>}. As in llama.cpp a space
 * is put in front of the text and after each special token unless {@code tokenizer.ggml.add_space_prefix} is false, and
 * {@code tokenizer.ggml.remove_extra_whitespaces} has no effect on this model.
 */
final class SentencePieceTokenizer extends VocabularyTokenizer {
  private static final Defaults DEFAULTS = new Defaults(1, 2, 0, true, false);
  private static final byte[] SPACE_BYTES = "\u2581".getBytes(StandardCharsets.UTF_8);

  private final boolean spacePrefix;
  private final int[] byteIds = new int[256];
  private final boolean spacesOnlyLead;

  private SentencePieceTokenizer(Metadata metadata, Vocabulary vocabulary) {
    super(metadata, vocabulary, DEFAULTS);
    spacePrefix = metadata.bool("tokenizer.ggml.add_space_prefix").orElse(true);
    for (int b = 0; b < 256; b++) {
      byte[] single = {(byte) b};
      byteIds[b] = vocabulary.id("<0x%02X>".formatted(b)).orElseGet(() -> vocabulary.find(single, 0, 1));
      if (byteIds[b] < 0) {
        byteIds[b] = unknown.orElse(-1);
      }
    }
    spacesOnlyLead = spacesOnlyLead(vocabulary);
  }

  static Tokenizer read(Metadata metadata, int ids) {
    return new SentencePieceTokenizer(metadata, Vocabulary.read(metadata, ids));
  }

  @Override
  boolean addsSpacePrefix() {
    return spacePrefix;
  }

  @Override
  byte[] textBytes(int id) {
    byte[] token = vocabulary.token(id);
    byte[] bytes = new byte[token.length];
    int length = 0;
    for (int at = 0; at < token.length; length++) {
      boolean space = isSpace(token, at, token.length);
      bytes[length] = space ? (byte) ' ' : token[at];
      at += space ? SPACE_BYTES.length : 1;
    }
    return Arrays.copyOf(bytes, length);
  }

  @Override
  void encodeText(String text, int from, int to, boolean afterSpecial, IntList ids) {
    boolean prefix = spacePrefix && afterSpecial;
    byte[] bytes = new byte[(to - from + 1) * 3];
    int length = 0;
    if (prefix) {
      length = putSpace(bytes, length);
    }
    for (int i = from; i < to; ) {
      int space = text.indexOf(' ', i, to);
      length = Utf8.encode(text, i, space < 0 ? to : space, bytes, length);
      if (space >= 0) {
        length = putSpace(bytes, length);
      }
      i = space < 0 ? to : space + 1;
    }
    Chain chain = new Chain(bytes);
    for (int start = 0; start < length; ) {
      int end = spacesOnlyLead ? chunkEnd(bytes, start, length) : length;
      chain.encode(start, end, ids);
      start = end;
    }
  }

  private static int putSpace(byte[] bytes, int at) {
    System.arraycopy(SPACE_BYTES, 0, bytes, at, 3);
    return at + 3;
  }

  /** The next place where a space follows something else: where no token holds such a pair, no merge crosses it. */
  private static int chunkEnd(byte[] bytes, int start, int length) {
    int at = start;
    while (isSpace(bytes, at, length)) {
      at += 3;
    }
    while (at < length && !isSpace(bytes, at, length)) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(byte[] bytes, int at, int length) {
    return at + 3 <= length && bytes[at] == SPACE_BYTES[0] && bytes[at + 1] == SPACE_BYTES[1] && bytes[at + 2] == SPACE_BYTES[2];
  }

  private static boolean spacesOnlyLead(Vocabulary vocabulary) {
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] token = vocabulary.token(id);
      if (chunkEnd(token, 0, token.length) < token.length) {
        return false;
      }
    }
    return true;
  }

  /** Symbols are ranges of the bytes: each starts at its {@code start} and ends where the next begins. */
  private final class Chain extends MergeChain {
    private final byte[] bytes;
    private int[] start = new int[64];
    private int end;

    Chain(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    int merge(int left, int right) {
      return vocabulary.find(bytes, start[left], end(right));
    }

    @Override
    int order(int merge) {
      // Adding 0 makes -0 equal 0; the flip makes the bits of negative floats count upwards.
      int bits = Float.floatToIntBits(vocabulary.score(merge) + 0f);
      return ~(bits ^ bits >> 31 & Integer.MAX_VALUE);
    }

    @Override
    int merged(int merge) {
      return merge;
    }

    void encode(int from, int to, IntList ids) {
      end = to;
      int count = 0;
      for (int at = from; at < to; at += Utf8.length(bytes[at])) {
        if (count == start.length) {
          start = Arrays.copyOf(start, count * 2);
        }
        start[count++] = at;
      }
      reserve(count);
      run(count);
      for (int i = 0; i >= 0; i = next[i]) {
        int id = vocabulary.find(bytes, start[i], end(i));
        if (id >= 0) {
          ids.add(id);
        } else {
          addBytes(start[i], end(i), ids);
        }
      }
    }

    private int end(int symbol) {
      return next[symbol] < 0 ? end : start[next[symbol]];
    }

    private void addBytes(int from, int to, IntList ids) {
      for (int at = from; at < to; at++) {
        int id = byteIds[bytes[at] & 0xFF];
        if (id < 0) {
          throw new TokenizerException("the vocabulary has neither a token <0x%02X> nor an unknown token for a character of the text"
              .formatted(bytes[at] & 0xFF));
        }
        ids.add(id);
      }
    }
  }
}
