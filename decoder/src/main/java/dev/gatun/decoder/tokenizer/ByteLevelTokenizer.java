package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The model {@code gpt2}: a {@link PreTokenizer} cuts the text into words, each word starts as its UTF-8 bytes, and of all neighbours
 * those with the lowest rank in {@code tokenizer.ggml.merges} merge first. Works on bytes throughout; vocabulary and merges are
 * translated from their {@link ByteAlphabet} spelling when read. Symbols are byte strings that occur in vocabulary or merges; one left
 * without a token (only in a vocabulary that lacks the result of a merge) becomes the tokens of its bytes.
 */
final class ByteLevelTokenizer extends VocabularyTokenizer {
  private static final String MERGES = "tokenizer.ggml.merges";

  private final PreTokenizer preTokenizer;
  private final ByteTable symbols;
  private final int[] tokenOf;
  private final int[] symbolOfByte = new int[256];
  private final MergeTable merges;

  private ByteLevelTokenizer(Metadata metadata, Vocabulary vocabulary, PreTokenizer preTokenizer) {
    super(metadata, vocabulary, new Defaults(-1, -1, -1, preTokenizer.addBos(), false));
    this.preTokenizer = preTokenizer;
    List<byte[]> pairs = metadata.bytes(MERGES).orElseThrow(() -> new TokenizerException("the file has no " + MERGES));
    symbols = new ByteTable(vocabulary.size() + 256);
    int[] tokens = readTokens(vocabulary);
    for (int b = 0; b < 256; b++) {
      symbolOfByte[b] = symbols.add(new byte[] {(byte) b});
    }
    merges = new MergeTable(pairs.size());
    for (int rank = 0; rank < pairs.size(); rank++) {
      addMerge(rank, pairs.get(rank));
    }
    tokenOf = Arrays.copyOf(tokens, symbols.size());
    Arrays.fill(tokenOf, Math.min(tokens.length, tokenOf.length), tokenOf.length, -1);
  }

  static Tokenizer read(Metadata metadata, int ids) {
    PreTokenizer preTokenizer = PreTokenizer.of(metadata.string("tokenizer.ggml.pre").orElse("default"));
    return new ByteLevelTokenizer(metadata, Vocabulary.read(metadata, ids), preTokenizer);
  }

  private int[] readTokens(Vocabulary vocabulary) {
    int[] tokens = new int[vocabulary.size()];
    Arrays.fill(tokens, -1);
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] bytes = ByteAlphabet.bytesOrNull(vocabulary.token(id));
      // An entry with other characters, such as a plain space, can't come from merges.
      if (bytes != null) {
        tokens[symbols.add(bytes)] = id;
      }
    }
    return tokens;
  }

  private void addMerge(int rank, byte[] pair) {
    int space = 1;
    while (space < pair.length && pair[space] != ' ') {
      space++;
    }
    if (space >= pair.length - 1) {
      throw new TokenizerException(MERGES + ": entry " + rank + " '" + new String(pair, StandardCharsets.UTF_8)
          + "' is not two symbols separated by a space");
    }
    byte[] left = ByteAlphabet.bytesOrNull(pair, 0, space);
    byte[] right = ByteAlphabet.bytesOrNull(pair, space + 1, pair.length);
    if (left != null && right != null) {
      byte[] both = Arrays.copyOf(left, left.length + right.length);
      System.arraycopy(right, 0, both, left.length, right.length);
      merges.add(rank, symbols.add(left), symbols.add(right), symbols.add(both));
    }
  }

  @Override
  boolean addsSpacePrefix() {
    return false;
  }

  @Override
  byte[] textBytes(int id) {
    return ByteAlphabet.bytes(vocabulary.token(id));
  }

  @Override
  void encodeText(String text, int from, int to, boolean afterSpecial, IntList ids) {
    IntList ends = preTokenizer.ends(text, from, to);
    Chain chain = new Chain();
    byte[] word = new byte[256];
    for (int i = 0, start = from; i < ends.size(); start = ends.get(i++)) {
      int end = ends.get(i);
      if ((end - start) * 3 > word.length) {
        word = new byte[(end - start) * 3];
      }
      int length = Utf8.encode(text, start, end, word, 0);
      int whole = preTokenizer.wholeWords() ? symbols.find(word, 0, length) : -1;
      if (whole >= 0 && tokenOf[whole] >= 0) {
        ids.add(tokenOf[whole]);
      } else {
        chain.encode(word, length, ids);
      }
    }
  }

  private final class Chain extends MergeChain {
    @Override
    int merge(int left, int right) {
      return merges.rank(symbol[left], symbol[right]);
    }

    @Override
    int order(int merge) {
      return merge;
    }

    @Override
    int merged(int merge) {
      return merges.merged(merge);
    }

    void encode(byte[] word, int length, IntList ids) {
      reserve(length);
      for (int i = 0; i < length; i++) {
        symbol[i] = symbolOfByte[word[i] & 0xFF];
      }
      run(length);
      for (int i = 0; i >= 0; i = next[i]) {
        int id = tokenOf[symbol[i]];
        if (id >= 0) {
          ids.add(id);
        } else {
          addBytes(symbols.key(symbol[i]), ids);
        }
      }
    }

    private void addBytes(byte[] bytes, IntList ids) {
      for (byte b : bytes) {
        int id = tokenOf[symbolOfByte[b & 0xFF]];
        if (id >= 0) {
          ids.add(id);
        } else {
          unknown.ifPresent(ids::add);
        }
      }
    }
  }
}
