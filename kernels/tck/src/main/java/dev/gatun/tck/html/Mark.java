package dev.gatun.tck.html;

import dev.gatun.tck.Verdict;
import java.util.Locale;

/** How a verdict looks: a sign and a word, so that its colour is never all that tells it. */
enum Mark {
  /** {@link Verdict#PASS}. */
  PASS("✓", "passed"),
  /** {@link Verdict#FAIL}. */
  FAIL("✗", "failed"),
  /** {@link Verdict#UNSUPPORTED}. */
  UNSUPPORTED("∅", "unsupported"),
  /** {@link Verdict#NOT_RUN}. */
  NOT_RUN("○", "not run");

  private final String sign;
  private final String word;

  Mark(String sign, String word) {
    this.sign = sign;
    this.word = word;
  }

  static Mark of(Verdict verdict) {
    return switch (verdict) {
      case PASS -> PASS;
      case FAIL -> FAIL;
      case UNSUPPORTED -> UNSUPPORTED;
      case NOT_RUN -> NOT_RUN;
    };
  }

  String sign() {
    return sign;
  }

  String word() {
    return word;
  }

  /** The name of its style. */
  String style() {
    return name().toLowerCase(Locale.ROOT);
  }
}
