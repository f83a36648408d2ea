package dev.gatun.decoder.cli.quality;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A text cut for scoring, by the rule of llama.cpp's perplexity tool: windows of {@code size} tokens one after the other, what is left over dropped; each begins on
 * an empty cache, its first token replaced by BOS where the tokenizer adds one; tokens of the first half are context and not scored, each later one
 * is scored given all before it. A window thus scores {@code size - 1 - size / 2} tokens.
 */
public final class Windows {
  private final int[] ids;
  private final int size;
  private final OptionalInt bos;

  /**
   * Windows over a text.
   *
   * @param ids the tokens of the text
   * @param size tokens of a window, at least 4
   * @param bos what each window begins with, where that is not simply its first token
   */
  public Windows(int[] ids, int size, OptionalInt bos) {
    this.ids = ids.clone();
    this.size = size;
    this.bos = bos;
  }

  /** How many whole windows there are. */
  public int count() {
    return ids.length / size;
  }

  /** Tokens of a window. */
  public int size() {
    return size;
  }

  /** The tokens of a window. */
  public int[] window(int index) {
    int[] window = Arrays.copyOfRange(ids, index * size, (index + 1) * size);
    bos.ifPresent(id -> window[0] = id);
    return window;
  }

  /** The first token whose successor is scored. */
  public int firstScored() {
    return size / 2;
  }

  /** Tokens that a window scores. */
  public int scored() {
    return size - 1 - firstScored();
  }
}
