package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/** What every vocabulary shares: special tokens, BOS and EOS, pieces. Subclasses turn plain text into ids and tokens into bytes. */
abstract sealed class VocabularyTokenizer implements Tokenizer permits SentencePieceTokenizer, ByteLevelTokenizer {
  /** Three bytes a char still fit an array. */
  private static final int LONGEST_TEXT = 1 << 28;
  private static final byte[] NOTHING = {};

  /** What a model assumes where the file is silent; an id of -1 means none. */
  record Defaults(int bos, int eos, int unknown, boolean addBos, boolean addEos) {}

  final Vocabulary vocabulary;
  final OptionalInt unknown;
  private final SpecialTokens specials;
  private final OptionalInt bos;
  private final OptionalInt eos;
  private final boolean addBos;
  private final boolean addEos;
  private final Set<Integer> endOfGeneration;

  VocabularyTokenizer(Metadata metadata, Vocabulary vocabulary, Defaults defaults) {
    this.vocabulary = vocabulary;
    specials = new SpecialTokens(vocabulary, metadata);
    bos = vocabulary.specialId("bos_token_id", defaults.bos());
    eos = vocabulary.specialId("eos_token_id", defaults.eos());
    unknown = vocabulary.specialId("unknown_token_id", defaults.unknown());
    addBos = metadata.bool("tokenizer.ggml.add_bos_token").orElse(defaults.addBos());
    addEos = metadata.bool("tokenizer.ggml.add_eos_token").orElse(defaults.addEos());
    endOfGeneration = vocabulary.endOfGeneration(eos);
    require(!addBos || bos.isPresent(), "bos");
    require(!addEos || eos.isPresent(), "eos");
  }

  private static void require(boolean present, String name) {
    if (!present) {
      throw new TokenizerException("the tokenizer adds " + name.toUpperCase(Locale.ROOT) + ", but tokenizer.ggml." + name
          + "_token_id names no token: set it, or set tokenizer.ggml.add_" + name + "_token to false");
    }
  }

  /** Appends the ids of the plain {@code text[from, to)}, which is well-formed and not empty. */
  abstract void encodeText(String text, int from, int to, boolean afterSpecial, IntList ids);

  /** The bytes of a normal token. */
  abstract byte[] textBytes(int id);

  /** Whether encoding puts a space in front of a text. */
  abstract boolean addsSpacePrefix();

  @Override
  public final int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
    if (text.length() > LONGEST_TEXT) {
      throw new TokenizerException("Tokenizer.encode: a text of " + text.length() + " chars is longer than " + LONGEST_TEXT
          + "; encode it in parts");
    }
    String clean = Utf8.wellFormed(text);
    IntList ids = new IntList(clean.length() / 3 + 8);
    if (addSpecial && addBos) {
      ids.add(bos.getAsInt());
    }
    boolean afterSpecial = true;
    for (SpecialTokens.Fragment fragment : specials.cut(clean, parseSpecial)) {
      if (fragment.isText()) {
        encodeText(clean, fragment.from(), fragment.to(), afterSpecial, ids);
      } else {
        ids.add(fragment.token());
      }
      afterSpecial = !fragment.isText();
    }
    if (addSpecial && addEos) {
      ids.add(eos.getAsInt());
    }
    return ids.toArray();
  }

  @Override
  public final String decode(int[] ids, boolean showSpecial) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(ids.length * 5);
    boolean stripSpace = addsSpacePrefix();
    for (int id : ids) {
      byte[] piece = pieceBytes(id, showSpecial);
      boolean skip = stripSpace && vocabulary.type(id) == TokenType.NORMAL && piece.length > 0 && piece[0] == ' ';
      out.write(piece, skip ? 1 : 0, piece.length - (skip ? 1 : 0));
      stripSpace &= vocabulary.type(id).special();
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Override
  public final byte[] pieceBytes(int id, boolean showSpecial) {
    return switch (vocabulary.type(id)) {
      case CONTROL, UNKNOWN -> showSpecial ? vocabulary.token(id).clone() : NOTHING;
      case USER_DEFINED -> vocabulary.token(id).clone();
      case NORMAL -> textBytes(id);
      case BYTE -> new byte[] {(byte) Vocabulary.byteOf(vocabulary.token(id))};
      case UNUSED, UNDEFINED -> NOTHING;
    };
  }

  @Override
  public final String piece(int id) {
    return vocabulary.text(id);
  }

  @Override
  public final int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public final OptionalInt bos() {
    return bos;
  }

  @Override
  public final OptionalInt eos() {
    return eos;
  }

  @Override
  public final Set<Integer> endOfGeneration() {
    return endOfGeneration;
  }

  @Override
  public final boolean isSpecial(int id) {
    return vocabulary.type(id).special();
  }
}
