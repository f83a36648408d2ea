package dev.gatun.decoder.tokenizer;

import dev.gatun.GatunException;
import dev.gatun.decoder.gguf.Metadata;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Text to token ids and back, read from the {@code tokenizer.ggml.*} keys of a GGUF file (GGUF specification, "Tokenizer"). Ids equal
 * those of llama.cpp on the same file. Immutable and safe to share between threads.
 */
public sealed interface Tokenizer permits VocabularyTokenizer {

  /**
   * The tokenizer that a file describes: {@code tokenizer.ggml.model} {@code llama} (SentencePiece-style) or {@code gpt2} (byte-level
   * BPE, with the pre-tokenizer named by {@code tokenizer.ggml.pre}).
   *
   * @throws TokenizerException if there is no tokenizer, its model or pre-tokenizer is not served (the message lists those that are),
   *     arrays disagree in length, special ids lie outside the vocabulary, a score is NaN or a merge is malformed
   */
  static Tokenizer of(Metadata metadata) {
    return of(metadata, 0);
  }

  /**
   * The tokenizer that a file describes, for a model that may choose any id below {@code ids}: those that the file has no token for are unused tokens
   * of no text. {@link #vocabularySize} does not count them.
   *
   * @throws TokenizerException as {@link #of(Metadata)}
   */
  static Tokenizer of(Metadata metadata, int ids) {
    try {
      return TokenizerModel.of(metadata).read(metadata, ids);
    } catch (TokenizerException e) {
      throw e;
    } catch (GatunException e) {
      throw new TokenizerException("Tokenizer.of: " + e.getMessage(), e);
    }
  }

  /**
   * The token ids of a text. Unpaired surrogates count as U+FFFD. User-defined tokens of the vocabulary are matched first, longest first;
   * the rest is merged by the rules of the model.
   *
   * @param addSpecial begins and ends with BOS and EOS where the file asks for them
   * @param parseSpecial control tokens written in the text (such as {@code <|eot_id|>}) become their ids; otherwise they are plain text
   * @throws TokenizerException if the text is longer than 2<sup>28</sup> chars, or holds a character that this vocabulary can't express
   */
  int[] encode(String text, boolean addSpecial, boolean parseSpecial);

  /**
   * The text of some token ids, as it was encoded: nothing is tidied up, such as spaces before punctuation. Bytes that form no UTF-8 give U+FFFD. Where encoding puts a space in front of the text
   * (SentencePiece-style), that one space is taken off again.
   *
   * @param showSpecial control and unknown tokens appear as their vocabulary entry; otherwise they give nothing
   * @throws TokenizerException if an id lies outside the vocabulary
   */
  String decode(int[] ids, boolean showSpecial);

  /**
   * The bytes that one token adds to the output, possibly half a character (see {@link StreamingDecoder}). A new array each call.
   *
   * @param showSpecial as for {@link #decode}
   * @throws TokenizerException if the id lies outside the vocabulary
   */
  byte[] pieceBytes(int id, boolean showSpecial);

  /**
   * The vocabulary entry of a token as the file spells it, for people to look at: {@code ▁Hello}, {@code Ġthe}, {@code <0x0A>}.
   *
   * @throws TokenizerException if the id lies outside the vocabulary
   */
  String piece(int id);

  /** The number of tokens that the file has; their ids are 0 to this less one. */
  int vocabularySize();

  /** The token that begins a sequence, where the vocabulary has one. */
  OptionalInt bos();

  /** The token that ends a sequence, where the vocabulary has one. */
  OptionalInt eos();

  /**
   * The tokens at which generation stops: EOS, the file's end-of-turn and end-of-message tokens, and entries known for it by name
   * ({@code <|eot_id|>}, {@code <|im_end|>}, {@code <|end|>}, {@code <|endoftext|>} and others, after llama.cpp). Unmodifiable.
   */
  Set<Integer> endOfGeneration();

  /**
   * Whether a token is a control token or the unknown token, which {@link #decode} leaves out unless asked.
   *
   * @throws TokenizerException if the id lies outside the vocabulary
   */
  boolean isSpecial(int id);
}
