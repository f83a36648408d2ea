package dev.gatun.decoder.tokenizer;

/** The values of {@code tokenizer.ggml.token_type}, in the order of their numbers (GGUF specification). */
enum TokenType {
  UNDEFINED, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE;

  private static final TokenType[] BY_NUMBER = values();

  /** The type of a number; numbers that mean nothing give {@link #UNDEFINED}, as in llama.cpp. */
  static TokenType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNDEFINED;
  }

  /** Whether such tokens stand outside the text: left out of decoded text, matched in input only when asked for. */
  boolean special() {
    return this == CONTROL || this == UNKNOWN;
  }
}
