package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Cuts a text at the tokens that are matched as a whole: user-defined ones always, control and unknown ones when asked. As in llama.cpp
 * the token with the most bytes cuts first, everywhere in the text, then the next longest in what is left; of equal length the lower id.
 * GGUF metadata does not say which of them take the spaces next to them along, so that goes by name, also as in llama.cpp: behind the tokens of Phi-3, before the
 * mask token of a few encoders.
 */
final class SpecialTokens {
  /** A token ({@code token >= 0}), or the plain text {@code [from, to)}. */
  record Fragment(int from, int to, int token) {
    static Fragment text(int from, int to) {
      return new Fragment(from, to, -1);
    }

    boolean isText() {
      return token < 0;
    }
  }

  private record Special(int id, String text, int bytes, boolean onlyWhenParsing, Strip strip) {}

  private enum Strip { NONE, BEFORE, BEHIND }

  /** What {@code isspace} of C takes. */
  private static final String SPACES = " \t\n\u000B\f\r";
  private static final Set<String> PHI3_KEEPS = Set.of("<unk>", "<s>", "<|endoftext|>");
  private static final Set<String> MASKED = Set.of("jina-v2-de", "jina-v2-es", "jina-v2-code");

  private static final class Node {
    final Map<Character, Node> children = new HashMap<>();
    int special = -1;
  }

  private final Special[] specials;
  private final Node root = new Node();
  private final BitSet firstChars = new BitSet();

  SpecialTokens(Vocabulary vocabulary, Metadata metadata) {
    List<Special> found = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      TokenType type = vocabulary.type(id);
      String text = type.special() || type == TokenType.USER_DEFINED ? vocabulary.text(id) : "";
      // A text that is no UTF-8 can't stand in a string.
      if (!text.isEmpty() && Arrays.equals(text.getBytes(StandardCharsets.UTF_8), vocabulary.token(id))) {
        found.add(new Special(id, text, vocabulary.token(id).length, type.special(), strip(text, metadata)));
      }
    }
    found.sort(Comparator.comparingInt(Special::bytes).reversed().thenComparingInt(Special::id));
    specials = found.toArray(Special[]::new);
    for (int i = specials.length - 1; i >= 0; i--) {
      Node node = root;
      for (char c : specials[i].text().toCharArray()) {
        node = node.children.computeIfAbsent(c, unused -> new Node());
      }
      node.special = i;
      firstChars.set(specials[i].text().charAt(0));
    }
  }

  private static Strip strip(String token, Metadata metadata) {
    String name = metadata.string("general.name").orElse("").toLowerCase(Locale.ROOT);
    boolean mask = token.equals("<mask>") && MASKED.contains(metadata.string("tokenizer.ggml.pre").orElse(""));
    if (mask || token.equals("[MASK]") && name.contains("modern-bert")) {
      return Strip.BEFORE;
    }
    return (name.contains("phi-3") || name.contains("phi3")) && !PHI3_KEEPS.contains(token) ? Strip.BEHIND : Strip.NONE;
  }

  /** The fragments of a text, in order; none is empty. */
  List<Fragment> cut(String text, boolean parseSpecial) {
    List<Fragment> fragments = text.isEmpty() ? List.of() : List.of(Fragment.text(0, text.length()));
    BitSet present = present(text);
    for (int i = present.nextSetBit(0); i >= 0; i = present.nextSetBit(i + 1)) {
      if (parseSpecial || !specials[i].onlyWhenParsing()) {
        fragments = cut(text, fragments, specials[i]);
      }
    }
    return fragments;
  }

  private static List<Fragment> cut(String text, List<Fragment> fragments, Special special) {
    List<Fragment> result = new ArrayList<>();
    for (Fragment fragment : fragments) {
      if (!fragment.isText()) {
        result.add(fragment);
        continue;
      }
      int from = fragment.from();
      for (int at; (at = text.indexOf(special.text(), from, fragment.to())) >= 0; ) {
        int before = at;
        while (special.strip() == Strip.BEFORE && before > from && isSpace(text, before - 1)) {
          before--;
        }
        if (before > from) {
          result.add(Fragment.text(from, before));
        }
        from = at + special.text().length();
        result.add(new Fragment(at, from, special.id()));
        while (special.strip() == Strip.BEHIND && from < fragment.to() && isSpace(text, from)) {
          from++;
        }
      }
      if (from < fragment.to()) {
        result.add(Fragment.text(from, fragment.to()));
      }
    }
    return result;
  }

  private static boolean isSpace(String text, int at) {
    return SPACES.indexOf(text.charAt(at)) >= 0;
  }

  /** Which specials occur at all: one pass, because most texts hold none and vocabularies have hundreds. */
  private BitSet present(String text) {
    BitSet present = new BitSet();
    for (int i = 0; i < text.length(); i++) {
      if (firstChars.get(text.charAt(i))) {
        Node node = root;
        for (int j = i; j < text.length() && (node = node.children.get(text.charAt(j))) != null; j++) {
          if (node.special >= 0) {
            present.set(node.special);
          }
        }
      }
    }
    return present;
  }
}
