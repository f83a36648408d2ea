package dev.gatun.decoder.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rule that cuts a text into words, which merges never cross: a list of {@link WordCut}s, each applied to what the one before left. Names
 * are the values of {@code tokenizer.ggml.pre}; rules are those of llama.cpp, with what it makes of the expressions in the
 * {@code tokenizer.json} files that they come from: where the two differ a comment says how.
 *
 * <p>Written so that the Java matcher runs in linear time and constant stack: only character classes are repeated, or groups possessively.
 * Contractions are spelled out because {@code (?i)} under Unicode rules would also take U+017F for an s.
 */
final class PreTokenizer {
  private static final String CONTRACTIONS = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
  private static final String SPACES = "|\\s+(?!\\S)|\\s+";
  private static final String LINES = "|\\s*[\\r\\n]+" + SPACES;
  private static final String SYMBOLS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String WORD = "|" + LEAD + "\\p{L}+";
  private static final String DIGIT = "\\p{N}";
  private static final String THREE_DIGITS = "\\p{N}{1,3}";
  private static final String ASCII_THREE = "[0-9][0-9][0-9]";

  private static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+" + SPACES;
  private static final String LLAMA3 = CONTRACTIONS + WORD + "|" + THREE_DIGITS + SYMBOLS + LINES;
  private static final String QWEN2 = CONTRACTIONS + WORD + "|" + DIGIT + SYMBOLS + LINES;
  private static final String QWEN35 = CONTRACTIONS + "|" + LEAD + "[\\p{L}\\p{M}]+|" + DIGIT + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + LINES;
  private static final String FALLING_SPACES = Stream.of(512, 256, 128, 64, 32, 16, 8, 4).map(n -> "|\\s{" + n + "}(?!\\S)").collect(Collectors.joining())
      + "|\\s{1,2}(?!\\S)|\\s";
  private static final String ONE_LINE = "|\\s*[\\r\\n]" + SPACES;

  /** Upper case, then lower case: llama.cpp tells the two apart among ASCII letters alone. */
  private static String cased(String letters, String behind) {
    return LEAD + "[" + letters + "&&[^a-z]]*[" + letters + "&&[^A-Z]]+" + behind + "|" + LEAD + "[" + letters + "&&[^a-z]]+[" + letters + "&&[^A-Z]]*"
        + behind;
  }

  private static final String SLASHES = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + LINES;
  private static final String ENDING = "(?:" + CONTRACTIONS + ")?";
  private static final String TEKKEN = cased("\\p{L}", "") + "|" + DIGIT + SLASHES;
  private static final String GPT4O = cased("\\p{L}", ENDING) + "|" + THREE_DIGITS + SLASHES;
  private static final String GRANITE_EMBEDDING = cased("\\p{L}\\p{M}", ENDING) + "|" + THREE_DIGITS + SLASHES;
  /** The cases of letters that the file tells apart are one to llama.cpp. */
  private static final String MARKED_WORD = LEAD + "[\\p{L}\\p{M}]+" + ENDING + "|";

  /** Among ASCII symbols llama.cpp does not count the tilde. */
  private static final String DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[~[^\\r\\n\\p{L}\\p{P}\\p{S}]]?[\\p{L}\\p{M}]+"
      + "| ?[\\p{P}\\p{S}&&[^~]]+[\\r\\n]*" + LINES;
  private static final String CJK_AND_KANA = "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{30FF}]+";

  /** Where llama.cpp compares characters as they are, spaces beyond ASCII are no longer themselves, and in no range. */
  private static final String CJK_AND_HANGUL = "[\\x{4E00}-\\x{9FA5}\\x{0800}-\\x{4E00}\\x{AC00}-\\x{D7FF}&&[^\\s]]+";
  private static final String BREAKS = "[\\r\\n]";
  private static final String DEEPSEEK_MARKS = "\\s?[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3001}-\\x{3002}]+";
  private static final String[] YOUTU = {"[\\x{AC00}-\\x{D7A3}\\x{3131}-\\x{318E}]+"
      + "|[\\x{FF01}\\x{2026}\\x{201C}\\x{201D}\\x{2018}\\x{2019}\\x{2014}\\x{FF1A}\\x{FF1B}\\x{FF0C}\\x{3001}-\\x{303F}\\x{FE30}-\\x{FE4F}]+"
      + "|[\\x{3105}-\\x{312F}]+|" + CJK_AND_KANA, MARKED_WORD + DIGIT + SLASHES};
  private static final String ASIAN = "[\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{8C48}-\\x{FAFF}\\x{3040}-\\x{30FF}\\x{FF65}-\\x{FF9F}\\x{2F00}-\\x{2FDF}"
      + "\\x{0E40}-\\x{0EFF}\\x{1780}-\\x{17FF}\\x{1000}-\\x{109F}\\x{AA60}-\\x{AA7F}\\x{A9E0}-\\x{A9FF}\\x{AC00}-\\x{D7AF}\\x{1100}-\\x{11FF}]+";
  private static final String HAN = "\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{20000}-\\x{2A6DF}\\x{2A700}-\\x{2EBEF}\\x{F900}-\\x{FAFF}\\x{2F800}-\\x{2FA1F}";
  private static final String KIMI = "[" + HAN + "]+|" + LEAD + "[\\p{L}&&[^" + HAN + "]]+" + ENDING + "|" + THREE_DIGITS + SYMBOLS + LINES;
  private static final String BLOOM = " ?[^(\\s|.,!?\\x{2026}\\x{3002}\\x{FF0C}\\x{3001}\\x{0964}\\x{06D4}\\x{060C})]+";
  private static final String[] CHAMELEON = {"<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", "[\\t\\n]|    |  ", DIGIT, "[\\p{P}!-/:-@\\[-`{-~]", GPT2};
  private static final String EXAONE_MOE = CONTRACTIONS + "|" + LEAD + "\\p{L}(?:[\\p{L}\\p{M}]| (?=\\p{L}))*+|" + DIGIT + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?"
      + ONE_LINE;
  private static final WordCut NUMBERS_IN_THREES = new WordCut.DigitGroups(false);

  private static final Map<String, Supplier<PreTokenizer>> SERVED = new TreeMap<>();

  static {
    serve(() -> rule("[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", ASCII_THREE), "default");
    serve(() -> rule(GPT2), "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum", "modern-bert",
        "jina-v1-en", "jina-v2-code", "roberta-bpe", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4");
    serve(() -> rule(LLAMA3).takingWholeWords().addingBos(), "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral",
        "midm-2.0", "lfm2", "jina-v5-nano");
    serve(() -> rule(LLAMA3), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
    serve(() -> rule(CONTRACTIONS + WORD + "|" + THREE_DIGITS + SYMBOLS + "|\\s*[\\r\\n]+" + FALLING_SPACES), "jais-2");
    serve(() -> rule(QWEN2), "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez", "hunyuan", "grok-2", "solar-open");
    serve(() -> rule(QWEN35), "qwen35");
    serve(() -> rule(DIGIT, GPT2), "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2");
    serve(() -> rule(BREAKS, "\\s?" + DeepSeekLetters.CLASS + "+", DEEPSEEK_MARKS, "\\s+\\z", CJK_AND_HANGUL, "\\p{N}+"),
        "deepseek-llm");
    serve(() -> rule(BREAKS, "\\s?\\p{L}+", "\\s?\\p{P}+", CJK_AND_HANGUL, DIGIT), "deepseek-coder");
    serve(() -> rule(THREE_DIGITS, CJK_AND_KANA, DEEPSEEK3), "deepseek-v3", "hunyuan-dense", "joyai-llm");
    serve(() -> rule(YOUTU).takingWholeWords(), "youtu");
    serve(() -> rule("[\\p{P}$+<=>^~|`]+", GPT2, ASCII_THREE), "falcon");
    serve(() -> rule(BLOOM), "poro-chat", "bloom", "gpt3-finnish");
    serve(() -> rule(BLOOM, DIGIT), "viking");
    serve(() -> rule(TEKKEN).takingWholeWords().addingBos(), "tekken");
    serve(() -> rule(GPT4O), "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2");
    serve(() -> rule(GRANITE_EMBEDDING).takingWholeWords(), "granite-embed-multi-97m");
    serve(() -> rule(NUMBERS_IN_THREES, MARKED_WORD + THREE_DIGITS + SLASHES), "tiny_aya", "cohere2moe");
    serve(() -> rule(NUMBERS_IN_THREES, ASIAN, DEEPSEEK3), "afmoe");
    serve(() -> new PreTokenizer(List.of(WordCut.Expression.of("\\p{N}+"), new WordCut.DigitGroups(true)), false, false), "superbpe");
    serve(() -> rule(CHAMELEON).addingBos(), "chameleon");
    serve(() -> rule(KIMI), "kimi-k2");
    serve(() -> rule("'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])" + WORD + "|" + DIGIT + SYMBOLS + ONE_LINE), "bailingmoe", "bailingmoe2",
        "llada-moe");
    serve(() -> rule(CONTRACTIONS + WORD + "|" + DIGIT + "| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + LINES), "seed-coder");
    serve(() -> rule(EXAONE_MOE), "exaone-moe");
    serve(() -> rule("[^\\n]+|\\n+", QWEN2), "laguna");
    serve(() -> rule(THREE_DIGITS, CONTRACTIONS + WORD + "|\\p{N}+" + SYMBOLS + LINES).takingWholeWords(), "minicpm5");
  }

  private final List<WordCut> cuts;
  private final boolean wholeWords;
  private final boolean addBos;

  private PreTokenizer(List<WordCut> cuts, boolean wholeWords, boolean addBos) {
    this.cuts = cuts;
    this.wholeWords = wholeWords;
    this.addBos = addBos;
  }

  private static PreTokenizer rule(String... expressions) {
    return new PreTokenizer(Stream.of(expressions).<WordCut>map(WordCut.Expression::of).toList(), false, false);
  }

  private static PreTokenizer rule(WordCut first, String... expressions) {
    return new PreTokenizer(Stream.concat(Stream.of(first), rule(expressions).cuts.stream()).toList(), false, false);
  }

  private PreTokenizer takingWholeWords() {
    return new PreTokenizer(cuts, true, addBos);
  }

  private PreTokenizer addingBos() {
    return new PreTokenizer(cuts, wholeWords, true);
  }

  private static void serve(Supplier<PreTokenizer> rule, String... names) {
    for (String name : names) {
      SERVED.put(name, rule);
    }
  }

  /** The names served, in order. */
  static List<String> names() {
    return List.copyOf(SERVED.keySet());
  }

  /** The rule of a name. Files without a name are cut as {@code default}. */
  static PreTokenizer of(String name) {
    Supplier<PreTokenizer> rule = SERVED.get(name);
    if (rule == null) {
      throw new TokenizerException("tokenizer.ggml.pre is '" + name + "'; served are " + String.join(", ", SERVED.keySet()));
    }
    return rule.get();
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
    String seen = LaterCharacters.hidden(text, from, to);
    IntList ends = new IntList(8);
    ends.add(to);
    for (WordCut cut : cuts) {
      ends = cut.finer(seen, from, ends);
    }
    return ends;
  }
}
