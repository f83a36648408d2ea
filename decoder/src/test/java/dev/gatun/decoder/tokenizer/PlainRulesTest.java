package dev.gatun.decoder.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;

/** The fast paths against the rules written out plainly: scanners over code points, and merging by looking at every pair every time. */
class PlainRulesTest {

  @Property(tries = 1500, seed = "30")
  void expressionsCutAsAScannerDoes(@ForAll("texts") String text) {
    assertThat(words("gpt-2", text)).isEqualTo(scan(text, Integer.MAX_VALUE, true));
    assertThat(words("llama-bpe", text)).isEqualTo(scan(text, 3, false));
    assertThat(words("qwen2", text)).isEqualTo(scan(text, 1, false));
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(" ", " ", "\n", "\r", "\t", "\u00A0", "\u3000", "\u0085", "\u2028", "a", "Z", "É", "我", "'", "s", "T", "l", "L",
        "v", "e", "E", "1", "٣", "½", "Ⅷ", "𝟗", "𝒳", "🙂", "\u0301", "!", "_", "\u200B", "\u0000", "\u001C", "\u0378", "\uE000")
        .list().ofMaxSize(30).map(parts -> String.join("", parts));
  }

  @Property(tries = 300, seed = "31")
  void sentencePieceMergesAsThePlainLoop(@ForAll @StringLength(max = 40) @Chars({'a', 'b', ' ', 'é'}) String text,
      @ForAll long seed) {
    Random random = new Random(seed);
    Vocabularies v = Vocabularies.sentencePiece();
    List<String> texts = new ArrayList<>();
    List<Float> scores = new ArrayList<>();
    for (String token : List.of("a", "b", "▁", "ab", "ba", "aa", "▁▁", "▁a", "aba", "▁ab", "b▁", "é", "aé", "▁▁▁▁", "abab", "aab")) {
      if (random.nextInt(4) > 0) {
        texts.add(token);
        scores.add((float) (random.nextInt(9) - 4));
        v.token(token, Vocabularies.NORMAL, scores.getLast());
      }
    }
    List<String> expected = plainMerge((" " + text).replace(' ', '▁'), (left, right) -> {
      int at = texts.indexOf(left + right);
      return at < 0 ? Double.NaN : -scores.get(at);
    });
    Tokenizer t = Tokenizer.of(v.llama().read());
    List<String> pieces = Arrays.stream(t.encode(text, false, false)).mapToObj(t::piece).toList();
    assertThat(pieces).isEqualTo(text.isEmpty() ? List.of() : withBytes(expected, texts));
  }

  @Property(tries = 300, seed = "32")
  void byteLevelMergesAsThePlainLoop(@ForAll @StringLength(max = 40) @Chars({'a', 'b', 'c'}) String text,
      @ForAll long seed) {
    Random random = new Random(seed);
    Vocabularies v = Vocabularies.byteLevel();
    List<String> symbols = new ArrayList<>(List.of("a", "b", "c"));
    List<String> merges = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      String left = symbols.get(random.nextInt(symbols.size()));
      String right = symbols.get(random.nextInt(symbols.size()));
      if (!symbols.contains(left + right)) {
        symbols.add(left + right);
        merges.add(left + " " + right);
        v.merge(left, right);
      }
    }
    List<String> expected = plainMerge(text, (left, right) -> {
      int rank = merges.indexOf(left + " " + right);
      return rank < 0 ? Double.NaN : rank;
    });
    Tokenizer t = Tokenizer.of(v.gpt2("qwen2").read());
    assertThat(Arrays.stream(t.encode(text, false, false)).mapToObj(t::piece).toList()).isEqualTo(expected);
  }

  private interface Order {
    /** Where the merge of two neighbours stands, lowest first; NaN for none. */
    double of(String left, String right);
  }

  private static List<String> plainMerge(String text, Order order) {
    List<String> parts = new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
    while (true) {
      int best = -1;
      double lowest = Double.POSITIVE_INFINITY;
      for (int i = 0; i + 1 < parts.size(); i++) {
        double place = order.of(parts.get(i), parts.get(i + 1));
        if (place < lowest) {
          best = i;
          lowest = place;
        }
      }
      if (best < 0) {
        return parts;
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  private static List<String> withBytes(List<String> parts, List<String> tokens) {
    List<String> result = new ArrayList<>();
    for (String part : parts) {
      if (tokens.contains(part)) {
        result.add(part);
      } else {
        for (byte b : part.getBytes(StandardCharsets.UTF_8)) {
          result.add("<0x%02X>".formatted(b & 0xFF));
        }
      }
    }
    return result;
  }

  private static List<String> words(String rule, String text) {
    IntList ends = PreTokenizer.of(rule).ends(text, 0, text.length());
    List<String> words = new ArrayList<>();
    for (int i = 0, start = 0; i < ends.size() && start < text.length(); start = ends.get(i++)) {
      words.add(text.substring(start, ends.get(i)));
    }
    return words;
  }

  /** The words of GPT-2's rule, or of Llama 3's with so many digits to a word. */
  private static List<String> scan(String text, int digits, boolean gpt2) {
    int[] points = text.codePoints().toArray();
    List<String> words = new ArrayList<>();
    for (int at = 0; at < points.length; ) {
      int end = word(points, at, digits, gpt2);
      words.add(new String(points, at, end - at));
      at = end;
    }
    return words;
  }

  private static int word(int[] points, int at, int digits, boolean gpt2) {
    int contraction = contraction(points, at, !gpt2);
    if (contraction > 0) {
      return at + contraction;
    }
    int c = points[at];
    boolean led = gpt2 ? c == ' ' : c != '\r' && c != '\n' && !letter(c) && !number(c);
    int body = led ? at + 1 : at;
    int letters = run(points, body, PlainRulesTest::letter);
    if (letters > body) {
      return letters;
    }
    int first = gpt2 && c == ' ' ? at + 1 : at;
    int numbers = Math.min(run(points, first, PlainRulesTest::number), digits == Integer.MAX_VALUE ? points.length : first + digits);
    if (numbers > first) {
      return numbers;
    }
    int other = c == ' ' ? at + 1 : at;
    int others = run(points, other, p -> !letter(p) && !number(p) && !white(p));
    if (others > other) {
      return gpt2 ? others : run(points, others, p -> p == '\r' || p == '\n');
    }
    int whites = run(points, at, PlainRulesTest::white);
    for (int i = whites; !gpt2 && i > at; i--) {
      if (points[i - 1] == '\r' || points[i - 1] == '\n') {
        return i;
      }
    }
    return whites == points.length || whites - at == 1 ? whites : whites - 1;
  }

  private static int contraction(int[] points, int at, boolean anyCase) {
    for (String form : List.of("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")) {
      if (at + form.length() <= points.length) {
        String found = new String(points, at, form.length());
        if (anyCase ? found.equalsIgnoreCase(form) && found.chars().allMatch(c -> c < 0x80) : found.equals(form)) {
          return form.length();
        }
      }
    }
    return 0;
  }

  private static int run(int[] points, int at, IntPredicate test) {
    while (at < points.length && test.test(points[at])) {
      at++;
    }
    return at;
  }

  private static boolean letter(int point) {
    return Character.isLetter(point);
  }

  private static boolean number(int point) {
    int type = Character.getType(point);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }

  /** The property White_Space of the Unicode character database. */
  private static boolean white(int point) {
    return point >= 9 && point <= 13 || point == ' ' || point == 0x85 || point == 0xA0 || point == 0x1680
        || point >= 0x2000 && point <= 0x200A || point == 0x2028 || point == 0x2029 || point == 0x202F || point == 0x205F
        || point == 0x3000;
  }
}
