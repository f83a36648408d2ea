package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The token list of a file with types, scores and special ids, checked for consistency. */
final class Vocabulary {
  private static final String KEY = "tokenizer.ggml.";
  private static final long UNSET = 0xFFFFFFFFL;
  private static final byte[] NO_TEXT = {};

  private final byte[][] tokens;
  private final TokenType[] types;
  private final float[] scores;
  private final ByteTable table;
  private final int[] idOf;
  private final Metadata metadata;
  private final int ids;
  private final Set<Integer> endOfGeneration = new TreeSet<>();

  private Vocabulary(Metadata metadata, byte[][] tokens, TokenType[] types, float[] scores, int ids) {
    this.metadata = metadata;
    this.tokens = tokens;
    this.types = types;
    this.scores = scores;
    this.ids = Math.max(ids, tokens.length);
    table = new ByteTable(tokens.length);
    idOf = new int[tokens.length];
    for (int id = 0; id < tokens.length; id++) {
      idOf[table.add(tokens[id])] = id;
    }
    for (String name : WellKnownTokens.CONTROL) {
      id(name).ifPresent(id -> types[id] = TokenType.CONTROL);
    }
    for (String name : WellKnownTokens.END_OF_GENERATION) {
      id(name).ifPresent(endOfGeneration::add);
    }
    for (String name : WellKnownTokens.USER_DEFINED) {
      id(name).ifPresent(id -> types[id] = TokenType.USER_DEFINED);
    }
    for (String key : List.of("eot_token_id", "eom_token_id")) {
      specialId(key, -1).ifPresent(endOfGeneration::add);
    }
    if (has("<|return|>") && has("<|call|>") || has("<|calls|>") && has("<|flush|>")) {
      goesOn("<|end|>", TokenType.USER_DEFINED);
    }
    if (has("<|tool_response>")) {
      goesOn("</s>", TokenType.NORMAL);
    }
  }

  private boolean has(String text) {
    return id(text).isPresent();
  }

  /** Where other tokens end the text, this one, which does so in other vocabularies, does not. */
  private void goesOn(String text, TokenType type) {
    id(text).ifPresent(id -> {
      endOfGeneration.remove(id);
      types[id] = type;
    });
  }

  /**
   * Reads and checks {@code tokens}, {@code token_type} and {@code scores}; absent types are all normal, absent scores all 0. Ids from the
   * number of tokens to {@code ids} are unused tokens without text.
   */
  static Vocabulary read(Metadata metadata, int ids) {
    List<byte[]> texts = metadata.bytes(KEY + "tokens").orElseThrow(() -> new TokenizerException("the file has no " + KEY + "tokens"));
    if (texts.isEmpty()) {
      throw new TokenizerException(KEY + "tokens is empty");
    }
    byte[][] tokens = texts.toArray(byte[][]::new);
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id].length == 0) {
        tokens[id] = ("[EMPTY_" + id + "]").getBytes(StandardCharsets.UTF_8);
      }
    }
    TokenType[] types = readTypes(metadata, tokens);
    return new Vocabulary(metadata, tokens, types, readScores(metadata, tokens.length), ids);
  }

  private static TokenType[] readTypes(Metadata metadata, byte[][] tokens) {
    TokenType[] types = new TokenType[tokens.length];
    int[] numbers = metadata.integers(KEY + "token_type").orElse(null);
    if (numbers != null && numbers.length != tokens.length) {
      throw new TokenizerException(KEY + "token_type has " + numbers.length + " entries for " + tokens.length + " tokens");
    }
    for (int id = 0; id < types.length; id++) {
      types[id] = numbers == null ? TokenType.NORMAL : TokenType.of(numbers[id]);
      if (types[id] == TokenType.BYTE && byteOf(tokens[id]) < 0) {
        throw new TokenizerException("token " + id + " has type byte, but its text '"
            + new String(tokens[id], StandardCharsets.UTF_8) + "' is not of the form <0xHH>");
      }
    }
    return types;
  }

  private static float[] readScores(Metadata metadata, int length) {
    float[] scores = metadata.floats(KEY + "scores").orElseGet(() -> new float[length]);
    if (scores.length != length) {
      throw new TokenizerException(KEY + "scores has " + scores.length + " entries for " + length + " tokens");
    }
    for (int id = 0; id < length; id++) {
      if (Float.isNaN(scores[id])) {
        throw new TokenizerException(KEY + "scores: the score of token " + id + " is NaN");
      }
    }
    return scores;
  }

  int size() {
    return tokens.length;
  }

  byte[] token(int id) {
    return check(id) < tokens.length ? tokens[id] : NO_TEXT;
  }

  TokenType type(int id) {
    return check(id) < types.length ? types[id] : TokenType.UNUSED;
  }

  float score(int id) {
    return scores[id];
  }

  String text(int id) {
    return new String(token(id), StandardCharsets.UTF_8);
  }

  /** The id of the token with these bytes, or -1; of several alike, the last. */
  int find(byte[] bytes, int from, int to) {
    int number = table.find(bytes, from, to);
    return number < 0 ? -1 : idOf[number];
  }

  OptionalInt id(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int id = find(bytes, 0, bytes.length);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * The special token that a key names. An absent key, or one that holds -1 (converters write that for "none"), gives the default, or
   * nothing where the default lies outside the vocabulary.
   */
  OptionalInt specialId(String name, int otherwise) {
    long id = metadata.integer(KEY + name).orElse(UNSET);
    if (id == UNSET || id == -1) {
      return otherwise >= 0 && otherwise < size() ? OptionalInt.of(otherwise) : OptionalInt.empty();
    }
    if (id < 0 || id >= size()) {
      throw new TokenizerException(KEY + name + " is " + id + ", outside the vocabulary of " + size() + " tokens");
    }
    return OptionalInt.of((int) id);
  }

  /** Stop tokens known by name and by the end-of-turn and end-of-message keys, and {@code eos}. */
  Set<Integer> endOfGeneration(OptionalInt eos) {
    Set<Integer> all = new TreeSet<>(endOfGeneration);
    eos.ifPresent(all::add);
    return Collections.unmodifiableSet(all);
  }

  /** The byte that a token text {@code <0xHH>} stands for, or -1. */
  static int byteOf(byte[] text) {
    if (text.length != 6 || text[0] != '<' || text[1] != '0' || text[2] != 'x' || text[5] != '>') {
      return -1;
    }
    int high = Character.digit(text[3], 16);
    int low = Character.digit(text[4], 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private int check(int id) {
    if (id < 0 || id >= ids) {
      throw new TokenizerException("token id " + id + " lies outside the vocabulary of " + ids + " tokens");
    }
    return id;
  }
}
