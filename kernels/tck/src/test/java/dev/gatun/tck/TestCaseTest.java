package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestCaseTest {
  @Provide
  Arbitrary<TestCase> cases() {
    Arbitrary<String> names = Arbitraries.strings().withCharRange('a', 'z').withChars("0123456789_").ofMinLength(1).ofMaxLength(9)
        .map(s -> "n" + s);
    Arbitrary<String> texts = Arbitraries.strings().alpha().numeric().withChars("._+/:-").ofMinLength(1).ofMaxLength(12);
    return names.flatMap(family -> Arbitraries.maps(names, texts).ofMaxSize(6).map(values -> new TestCase(family, values)));
  }

  @Property
  void aLineNamesItsCase(@ForAll("cases") TestCase test) {
    TestCase parsed = TestCase.parse(test.line());
    assertThat(parsed).isEqualTo(test);
    assertThat(parsed.line()).isEqualTo(test.line());
    assertThat(new ArrayList<>(parsed.values().keySet())).isEqualTo(new ArrayList<>(test.values().keySet()));
  }

  @Property
  void spacesDoNotMatter(@ForAll("cases") TestCase test) {
    String spaced = "  " + test.line().replace("=", " = ").replace(",", " ,  ").replace("(", " ( ").replace(")", " ) ");
    assertThat(TestCase.parse(spaced)).isEqualTo(test);
  }

  @Property
  void anyOtherTextIsRefusedInOneLine(@ForAll String text) {
    try {
      TestCase.parse(text);
    } catch (CaseException e) {
      assertThat(e.getMessage()).contains(text);
    }
  }

  @Test
  void theOrderOfValuesIsThatOfTheLine() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("n", "64");
    values.put("k", "256");
    TestCase test = new TestCase("matmul", values);
    values.put("w", "q4_0");
    assertThat(test.line()).isEqualTo("matmul(n=64, k=256)");
    assertThat(TestCase.parse("add()").values()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"matmul|is no case", "matmul(n=1|is no case", "(n=1)|is no case", "Matmul(n=1)|is no case",
      "matmul(n)|'n' is no name=value", "matmul(n=1,)|'' is no name=value", "matmul(n=1; k=2)|'n=1; k=2' is no name=value",
      "matmul(n=)|is no name=value", "matmul(n=1, n=2)|gives n twice"})
  void whatIsNoCaseIsNamed(String line, String message) {
    assertThatThrownBy(() -> TestCase.parse(line)).isInstanceOf(CaseException.class).hasMessageContaining(line)
        .hasMessageContaining(message);
  }
}
