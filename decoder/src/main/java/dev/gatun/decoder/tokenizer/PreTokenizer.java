package dev.gatun.decoder.tokenizer;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The rule that cuts a text into words, which merges never cross: a list of regular expressions, each applied to what the one before
 * left, where both the matches and the gaps between them become words. Names are the values of {@code tokenizer.ggml.pre}; rules are
 * those of llama.cpp and of the {@code tokenizer.json} files they come from. A look-ahead sees no further than the piece it works on.
 *
 * <p>Written so that the Java matcher runs in linear time and constant stack: only character classes are repeated, never groups.
 * Contractions are spelled out because {@code (?i)} under Unicode rules would also take U+017F for an s.
 */
final class PreTokenizer {
  private static final String CONTRACTIONS = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
  private static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + TAIL;
  private static final String QWEN2 = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + TAIL;
  private static final String DIGIT = "\\p{N}";

  private static final PreTokenizer FALLBACK =
      new PreTokenizer(false, false, "[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
  private static final Map<String, PreTokenizer> SERVED = new TreeMap<>();

  static {
    serve(FALLBACK, "default");
    serve(new PreTokenizer(false, false, GPT2), "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4", "modern-bert");
    serve(new PreTokenizer(true, true, LLAMA3), "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "lfm2");
    serve(new PreTokenizer(false, false, LLAMA3), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
    serve(new PreTokenizer(false, false, QWEN2), "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2");
    serve(new PreTokenizer(false, false, DIGIT, GPT2),
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b");
    serve(new PreTokenizer(false, false, "[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"), "falcon");
  }

  private final Pattern[] patterns;
  private final boolean wholeWords;
  private final boolean addBos;

  private PreTokenizer(boolean wholeWords, boolean addBos, String... expressions) {
    this.wholeWords = wholeWords;
    this.addBos = addBos;
    patterns = Stream.of(expressions).map(e -> Pattern.compile(e, Pattern.UNICODE_CHARACTER_CLASS)).toArray(Pattern[]::new);
  }

  private static void serve(PreTokenizer rule, String... names) {
    for (String name : names) {
      SERVED.put(name, rule);
    }
  }

  /** The rule of a name. Files without a name are cut as {@code default}. */
  static PreTokenizer of(String name) {
    PreTokenizer rule = SERVED.get(name);
    if (rule == null) {
      throw new TokenizerException("tokenizer.ggml.pre is '" + name + "'; served are " + String.join(", ", SERVED.keySet()));
    }
    return rule;
  }

  /** Whether a word that is a token is taken as it is, whatever its merges would give. */
  boolean wholeWords() {
    return wholeWords;
  }

  /** Whether BOS is added where the file doesn't say. */
  boolean addBos() {
    return addBos;
  }

  /** The ends of the words of {@code text[from, to)}, ascending; the last is {@code to}. */
  IntList ends(String text, int from, int to) {
    IntList ends = new IntList(8);
    ends.add(to);
    for (Pattern pattern : patterns) {
      IntList finer = new IntList(Math.max(ends.size(), (to - from) / 4));
      Matcher matcher = pattern.matcher(text);
      for (int i = 0, start = from; i < ends.size(); start = ends.get(i++)) {
        cut(matcher.region(start, ends.get(i)), start, ends.get(i), finer);
      }
      ends = finer;
    }
    return ends;
  }

  private static void cut(Matcher matcher, int start, int end, IntList ends) {
    int at = start;
    while (at < end && matcher.find()) {
      if (matcher.start() > at) {
        ends.add(matcher.start());
      }
      ends.add(matcher.end());
      at = matcher.end();
    }
    if (at < end) {
      ends.add(end);
    }
  }
}
