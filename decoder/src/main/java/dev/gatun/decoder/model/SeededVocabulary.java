package dev.gatun.decoder.model;

import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.MetadataType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A SentencePiece-style vocabulary made by rule: {@code <unk>}, {@code <s>}, {@code </s>}, the 256 byte tokens, single characters,
 * common English words with the beginnings that lead to them, then all letter sequences of two, three and four until the wanted size
 * is reached. Earlier pieces have higher scores. Any text can be tokenized: what has no piece becomes bytes.
 */
final class SeededVocabulary {
  static final int UNKNOWN = 0;
  static final int BEGIN = 1;
  static final int END = 2;

  /** Three special tokens and the bytes. */
  static final int LEAST = 3 + 256;

  private static final int TYPE_NORMAL = 1;
  private static final int TYPE_UNKNOWN = 2;
  private static final int TYPE_CONTROL = 3;
  private static final int TYPE_BYTE = 6;

  private static final String SPACE = "\u2581";
  private static final String LETTERS = "etaoinshrdlcumwfgypbvkjxqz";
  private static final String WORDS = """
      the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but not what all
      were we when your can said there use an each which she do how their if will up other about out many then them these so some her
      would make like him into time has look two more write go see number no way could people my than first water been call who oil its
      now find long down day did get come made may part over new sound take only little work know place year live me back give most very
      after thing our just name good sentence man think say great where help through much before line right too mean old any same tell
      boy follow came want show also around form three small set put end does another well large must big even such because turn here
      why ask went men read need land different home us move try kind hand picture again change off play spell air away animal house
      point page letter mother answer found study still learn should once upon world""";

  private SeededVocabulary() {}

  /** Adds the tokenizer's metadata. */
  static void addTo(GgufWriter writer, int size) {
    List<String> tokens = tokens(size);
    List<Float> scores = new ArrayList<>(size);
    List<Integer> types = new ArrayList<>(size);
    for (int id = 0; id < size; id++) {
      scores.add(id < LEAST ? 0f : (float) (LEAST - id));
      types.add(id == UNKNOWN ? TYPE_UNKNOWN : id <= END ? TYPE_CONTROL : id < LEAST ? TYPE_BYTE : TYPE_NORMAL);
    }
    writer.string("tokenizer.ggml.model", "llama").string("tokenizer.ggml.pre", "default")
        .array("tokenizer.ggml.tokens", MetadataType.STRING, tokens)
        .array("tokenizer.ggml.scores", MetadataType.FLOAT32, scores)
        .array("tokenizer.ggml.token_type", MetadataType.INT32, types)
        .uint32("tokenizer.ggml.bos_token_id", BEGIN).uint32("tokenizer.ggml.eos_token_id", END)
        .uint32("tokenizer.ggml.unknown_token_id", UNKNOWN)
        .bool("tokenizer.ggml.add_bos_token", true).bool("tokenizer.ggml.add_eos_token", false)
        .bool("tokenizer.ggml.add_space_prefix", true);
  }

  static List<String> tokens(int size) {
    if (size < LEAST) {
      throw new IllegalArgumentException("a vocabulary of " + size + " tokens; at least " + LEAST + " are needed");
    }
    Set<String> tokens = new LinkedHashSet<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(String.format("<0x%02X>", b));
    }
    characters(tokens);
    for (String word : WORDS.split("\\s+")) {
      String piece = SPACE + word;
      for (int end = 2; end <= piece.length(); end++) {
        tokens.add(piece.substring(0, end));
      }
    }
    List<String> sequences = List.of("");
    while (tokens.size() < size) {
      sequences = lengthened(sequences, tokens, size);
    }
    return tokens.stream().limit(size).toList();
  }

  private static void characters(Set<String> tokens) {
    tokens.add(SPACE);
    LETTERS.chars().forEach(letter -> tokens.add(Character.toString(letter)));
    for (char c = '!'; c <= '~'; c++) {
      tokens.add(Character.toString(c));
    }
    LETTERS.chars().forEach(letter -> tokens.add(SPACE + Character.toString(letter)));
  }

  /** All sequences with one letter more; they join the tokens until these are enough. */
  private static List<String> lengthened(List<String> sequences, Set<String> tokens, int size) {
    List<String> longer = new ArrayList<>();
    for (String sequence : sequences) {
      for (int i = 0; i < LETTERS.length() && tokens.size() < size; i++) {
        longer.add(sequence + LETTERS.charAt(i));
        tokens.add(longer.getLast());
      }
    }
    return longer;
  }
}
