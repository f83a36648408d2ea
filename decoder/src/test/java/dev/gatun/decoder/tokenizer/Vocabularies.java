package dev.gatun.decoder.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** Small hand-made vocabularies. */
final class Vocabularies {
  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int BYTE = 6;

  private final List<String> tokens = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();

  Vocabularies token(String text, int type, float score) {
    tokens.add(text);
    types.add(type);
    scores.add(score);
    return this;
  }

  Vocabularies merge(String left, String right) {
    merges.add(left + " " + right);
    return token(left + right, NORMAL, 0);
  }

  int id(String token) {
    return tokens.indexOf(token);
  }

  /** {@code <unk> <s> </s>}, the 256 byte tokens from id 3 on. */
  static Vocabularies sentencePiece() {
    Vocabularies v = new Vocabularies().token("<unk>", UNKNOWN, 0).token("<s>", CONTROL, 0).token("</s>", CONTROL, 0);
    for (int b = 0; b < 256; b++) {
      v.token("<0x%02X>".formatted(b), BYTE, 0);
    }
    return v;
  }

  /** The 256 bytes in their printable spelling, id by order of the spelling: {@code !} to {@code ~} are 0 to 93. */
  static Vocabularies byteLevel() {
    Vocabularies v = new Vocabularies();
    List<Integer> printable = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      if (b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE) {
        printable.add(b);
      }
    }
    printable.forEach(c -> v.token(Character.toString(c), NORMAL, 0));
    for (int c = 256; c < 256 + 256 - printable.size(); c++) {
      v.token(Character.toString(c), NORMAL, 0);
    }
    return v;
  }

  MetadataFile llama() {
    return file("llama").put("tokenizer.ggml.scores", floats());
  }

  MetadataFile gpt2(String pre) {
    return file("gpt2").put("tokenizer.ggml.pre", pre).put("tokenizer.ggml.merges", merges.toArray(String[]::new));
  }

  private MetadataFile file(String model) {
    return new MetadataFile().put("tokenizer.ggml.model", model).put("tokenizer.ggml.tokens", tokens.toArray(String[]::new))
        .put("tokenizer.ggml.token_type", types.stream().mapToInt(i -> i).toArray());
  }

  private float[] floats() {
    float[] array = new float[scores.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = scores.get(i);
    }
    return array;
  }
}
