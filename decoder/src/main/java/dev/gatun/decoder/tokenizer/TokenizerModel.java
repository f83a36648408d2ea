package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** The values of {@code tokenizer.ggml.model} that are served. */
record TokenizerModel(BiFunction<Metadata, Integer, Tokenizer> reader) {
  private static final Map<String, TokenizerModel> SERVED = new TreeMap<>(Map.of(
      "llama", new TokenizerModel(SentencePieceTokenizer::read),
      "gpt2", new TokenizerModel(ByteLevelTokenizer::read)));

  static TokenizerModel of(Metadata metadata) {
    String name = metadata.string("tokenizer.ggml.model").orElseThrow(() -> new TokenizerException(
        "the file has no tokenizer (no tokenizer.ggml.model): use a file with one, or pass token ids"));
    TokenizerModel model = SERVED.get(name);
    if (model == null) {
      throw new TokenizerException("tokenizer.ggml.model is '" + name + "'; served are " + String.join(", ", SERVED.keySet()));
    }
    return model;
  }

  Tokenizer read(Metadata metadata, int ids) {
    return reader.apply(metadata, ids);
  }
}
