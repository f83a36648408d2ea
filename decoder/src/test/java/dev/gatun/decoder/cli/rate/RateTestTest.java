package dev.gatun.decoder.cli.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateTestTest {
  @Test
  void testsAreNamedAsLlamaBenchNamesThem() {
    assertThat(new RateTest(512, 0, 0, 1).name()).isEqualTo("pp512");
    assertThat(new RateTest(0, 128, 0, 1).name()).isEqualTo("tg128");
    assertThat(new RateTest(0, 128, 1024, 4).name()).isEqualTo("tg128 @ d1024");
    assertThat(new RateTest(512, 128, 0, 1).name()).isEqualTo("pp512+tg128");
  }

  @Test
  void decodingAfterATimedPromptSharesIt() {
    RateTest prompt = new RateTest(8, 0, 0, 1);
    RateTest after = new RateTest(0, 4, 8, 1);
    RateTest deeper = new RateTest(0, 4, 16, 1);
    RateTest wider = new RateTest(0, 4, 8, 2);
    assertThat(Pass.of(List.of(after, deeper), false)).extracting(Pass::tests).containsExactly(List.of(after), List.of(deeper));
    assertThat(Pass.of(List.of(prompt, wider, deeper, after), false)).containsExactly(new Pass(prompt, Optional.of(after)),
        new Pass(wider, Optional.empty()), new Pass(deeper, Optional.empty()));
    assertThat(Pass.of(List.of(prompt, after), true)).hasSize(2);
  }

  @Test
  void listsOfNumbersHaveRanges() {
    assertThat(NumberList.of("128,512")).containsExactly(128, 512);
    assertThat(NumberList.of("1-4")).containsExactly(1, 2, 3, 4);
    assertThat(NumberList.of("0-1000+256")).containsExactly(0, 256, 512, 768);
    assertThat(NumberList.of("1-8*2,100")).containsExactly(1, 2, 4, 8, 100);
    assertThat(NumberList.of("-5")).containsExactly(-5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1,", "a", "8-1", "1-8*1", "0-8*2", "1-8+0", "1-2000", "99999999999", "1-8-2", "1.5"})
  void otherTextsAreRefusedWithAReason(String text) {
    assertThatThrownBy(() -> NumberList.of(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'");
  }
}
