package dev.gatun.decoder.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Token ids in, text out as it becomes complete: a character whose bytes are spread over several tokens appears with the last of them.
 * Bytes that can't be UTF-8 give U+FFFD. The first piece keeps its leading space, because generated text continues a prompt. For one
 * sequence and one thread.
 */
public final class StreamingDecoder {
  private static final int LONGEST_CHARACTER = 4;

  private final Tokenizer tokenizer;
  private final boolean showSpecial;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
      .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] tail = {};

  /**
   * A decoder with nothing in it.
   *
   * @param showSpecial control and unknown tokens appear as their vocabulary entry; otherwise they give nothing
   */
  public StreamingDecoder(Tokenizer tokenizer, boolean showSpecial) {
    this.tokenizer = tokenizer;
    this.showSpecial = showSpecial;
  }

  /**
   * The text that this token completes; empty while a character is unfinished.
   *
   * @throws TokenizerException if the id lies outside the vocabulary
   */
  public String add(int id) {
    return decode(tokenizer.pieceBytes(id, showSpecial), false);
  }

  /** What is left at the end: U+FFFD for an unfinished character, otherwise nothing. The decoder can then be used for another text. */
  public String flush() {
    String rest = decode(new byte[0], true);
    decoder.reset();
    return rest;
  }

  private String decode(byte[] piece, boolean end) {
    ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(tail, tail.length + piece.length)).put(tail.length, piece);
    CharBuffer out = CharBuffer.allocate(in.remaining() + LONGEST_CHARACTER);
    decoder.decode(in, out, end);
    if (end) {
      decoder.flush(out);
    }
    tail = new byte[in.remaining()];
    in.get(tail);
    return out.flip().toString();
  }
}
