package dev.gatun.tck.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.Level;
import dev.gatun.tck.TestCase;
import org.junit.jupiter.api.Test;

class SignatureTest {
  private final Signature signature = new Signature("sum").with("rows", 1).with("x", "f32").with("bias", false).with("level", Level.QUICK)
      .with("count", "none").with("eps", "1e-5").with("sizes", new int[] {3, 1});

  private Values values(Object... namesAndValues) {
    return signature.values(signature.of(namesAndValues), 7);
  }

  @Test
  void aLineHasTheOrderOfTheSignatureAndNoDefaults() {
    assertThat(signature.of("level", Level.FULL, "bias", true, "rows", 1, "x", "f16")).hasToString("sum(x=f16, bias=yes, level=full)");
    assertThat(signature.of("sizes", new int[] {3, 1})).hasToString("sum()");
    assertThat(signature.of("sizes", new int[] {5})).hasToString("sum(sizes=5)");
    assertThat(signature.canonical(TestCase.parse("sum(level=full, rows=1, bias=yes)"))).hasToString("sum(bias=yes, level=full)");
  }

  @Test
  void aNameThereIsNotIsRefused() {
    assertThatThrownBy(() -> signature.of("row", 1)).isInstanceOf(CaseException.class)
        .hasMessage("sum has no row; it has rows, x, bias, level, count, eps, sizes");
  }

  @Test
  void readersGiveWhatIsWritten() {
    Values values = values("rows", 3, "x", "bf16", "bias", true, "level", Level.FULL, "count", -2, "sizes", new int[] {4, 0, 2});
    assertThat(values.size("rows")).isEqualTo(3);
    assertThat(values.dtype("x")).isEqualTo(DType.BF16);
    assertThat(values.on("bias")).isTrue();
    assertThat(values.choice("level", Level.class)).isEqualTo(Level.FULL);
    assertThat(values.optional("count")).hasValue(-2);
    assertThat(values.number("eps")).isEqualTo(1e-5f);
    assertThat(values.list("sizes")).containsExactly(4, 0, 2);
    assertThat(values().optional("count")).isEmpty();
  }

  @Test
  void eachReaderNamesTheCaseAndWhatItWants() {
    assertThatThrownBy(() -> values("rows", -1).size("rows")).isInstanceOf(CaseException.class)
        .hasMessageStartingWith("sum(rows=-1): rows must be a size from 0 to ").hasMessageEndingWith("not -1");
    assertThatThrownBy(() -> values("rows", "many").size("rows")).isInstanceOf(CaseException.class)
        .hasMessage("sum(rows=many): rows must be a whole number, not many");
    assertThatThrownBy(() -> values("rows", Integer.MAX_VALUE).size("rows")).isInstanceOf(CaseException.class);
    assertThatThrownBy(() -> values("rows", "99999999999").size("rows")).isInstanceOf(CaseException.class);
    assertThatThrownBy(() -> values("x", "f33").dtype("x")).isInstanceOf(CaseException.class)
        .hasMessage("sum(x=f33): x must be a dtype, not f33");
    assertThatThrownBy(() -> values("bias", "true").on("bias")).isInstanceOf(CaseException.class)
        .hasMessageContaining("yes or no, not true");
    assertThatThrownBy(() -> values("level", "slow").choice("level", Level.class)).isInstanceOf(CaseException.class)
        .hasMessageContaining("one of quick, standard, full, not slow");
    assertThatThrownBy(() -> values("count", "few").optional("count")).isInstanceOf(CaseException.class);
    assertThatThrownBy(() -> values("eps", "tiny").number("eps")).isInstanceOf(CaseException.class)
        .hasMessageContaining("a number, not tiny");
    assertThatThrownBy(() -> values("sizes", "3+").list("sizes").clone()).isInstanceOf(CaseException.class);
    assertThatThrownBy(() -> values("sizes", "a+1").list("sizes")).isInstanceOf(CaseException.class)
        .hasMessageContaining("sizes such as 3+1+7");
  }

  @Test
  void seedsDifferByCaseByInputAndByTheSuitesSeed() {
    long seed = values("rows", 3).seed("x");
    assertThat(values("rows", 3).seed("x")).isEqualTo(seed);
    assertThat(values("rows", 3).seed("w")).isNotEqualTo(seed);
    assertThat(values("rows", 4).seed("x")).isNotEqualTo(seed);
    assertThat(signature.values(signature.of("rows", 3), 8).seed("x")).isNotEqualTo(seed);
    assertThat(signature.values(signature.of("rows", 3), 7 + (1L << 32)).seed("x")).as("every bit of the suite's seed counts").isNotEqualTo(seed);
  }
}
