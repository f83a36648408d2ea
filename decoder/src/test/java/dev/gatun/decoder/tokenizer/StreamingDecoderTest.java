package dev.gatun.decoder.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  private static final int FIRST_BYTE = 3;

  private final Vocabularies vocabulary = Vocabularies.sentencePiece().token("▁a", Vocabularies.NORMAL, 0);
  private final Tokenizer tokenizer = Tokenizer.of(vocabulary.llama().read());
  private final StreamingDecoder decoder = new StreamingDecoder(tokenizer, false);

  @Test
  void aCharacterAppearsWithItsLastByte() {
    assertThat(add(0xF0)).isEmpty();
    assertThat(add(0x9F)).isEmpty();
    assertThat(add(0x99)).isEmpty();
    assertThat(add(0x82)).isEqualTo("🙂");
    assertThat(decoder.flush()).isEmpty();
  }

  @Test
  void anUnfinishedCharacterIsReplacedAtTheEnd() {
    assertThat(add(0xE6)).isEmpty();
    assertThat(add(0x88)).isEmpty();
    assertThat(decoder.flush()).isEqualTo("\uFFFD");
    assertThat(decoder.flush()).isEmpty();
    assertThat(add('x')).as("usable again").isEqualTo("x");
  }

  @Test
  void anUnfinishedCharacterIsReplacedWhenSomethingElseFollows() {
    assertThat(add(0xE6)).isEmpty();
    assertThat(decoder.add(vocabulary.id("▁a"))).isEqualTo("\uFFFD a");
    assertThat(add(0xFF)).isEqualTo("\uFFFD");
  }

  @Test
  void theLeadingSpaceStaysAndSpecialTokensAreLeftOut() {
    assertThat(decoder.add(1)).isEmpty();
    assertThat(decoder.add(vocabulary.id("▁a"))).isEqualTo(" a");
    assertThat(new StreamingDecoder(tokenizer, true).add(2)).isEqualTo("</s>");
  }

  private String add(int b) {
    return decoder.add(FIRST_BYTE + b);
  }
}
