package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MatmulAndMovesListingTest {
  private static final Set<String> FAMILIES = Set.of("matmul", "quantize", "dequantize", "copy", "gather_rows", "embedding");
  private static final Set<String> WEIGHTS = Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32)
      .map(DType::label).collect(Collectors.toSet());
  private static final Set<String> BLOCKS = Arrays.stream(DType.values()).filter(DType::isBlock).map(DType::label).collect(Collectors.toSet());

  private static List<TestCase> cases(Level level, Scale scale, String... families) {
    return Suite.cases(level, scale, ModelShape.builtIn(), families.length == 0 ? FAMILIES : Set.of(families));
  }

  private static Set<String> quick(String family, String name, String otherwise) {
    return cases(Level.QUICK, Scale.DEVICE, family).stream().map(test -> test.values().getOrDefault(name, otherwise)).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void everyLineIsListedOnceAndFindsItsCase(Scale scale) {
    List<TestCase> cases = cases(Level.FULL, scale);
    assertThat(cases.stream().map(TestCase::line)).doesNotHaveDuplicates();
    for (TestCase test : cases) {
      assertThat(Suite.find(test.line())).isEqualTo(test);
    }
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void eachLevelHoldsTheOneBefore(Scale scale) {
    for (String family : FAMILIES) {
      Set<TestCase> quick = new HashSet<>(cases(Level.QUICK, scale, family));
      Set<TestCase> standard = new HashSet<>(cases(Level.STANDARD, scale, family));
      assertThat(standard).as(family).containsAll(quick).hasSizeGreaterThan(quick.size());
      assertThat(new HashSet<>(cases(Level.FULL, scale, family))).as(family).containsAll(standard);
    }
  }

  @Test
  void everyTypeOfWeightIsThereAtOncePlainAndPrepared() {
    for (String weight : new String[] {"plain", "prepared", "tied"}) {
      Set<String> types = cases(Level.QUICK, Scale.DEVICE, "matmul").stream().filter(test -> test.values().getOrDefault("weight", "prepared").equals(weight))
          .map(test -> test.values().getOrDefault("w", "f32")).collect(Collectors.toSet());
      assertThat(types).as(weight).isEqualTo(WEIGHTS);
    }
    assertThat(quick("embedding", "table", "f32")).isEqualTo(WEIGHTS);
  }

  @Test
  void everyBlockTypeIsThereAtOnceBothWays() {
    assertThat(quick("quantize", "y", "q8_0")).isEqualTo(BLOCKS);
    assertThat(quick("dequantize", "x", "q8_0")).isEqualTo(BLOCKS);
  }

  @Test
  void everyPairOfTypesThatConvertIsCopiedAtOnce() {
    Set<String> floats = Set.of("f32", "f16", "bf16", "f8_e4m3", "f8_e5m2");
    Set<String> pairs = floats.stream().flatMap(x -> floats.stream().map(y -> x + " to " + y)).collect(Collectors.toSet());
    pairs.addAll(List.of("i8 to i8", "i32 to i32"));
    assertThat(cases(Level.QUICK, Scale.DEVICE, "copy").stream()
        .map(test -> test.values().getOrDefault("x", "f32") + " to " + test.values().getOrDefault("y", "f32")).collect(Collectors.toSet())).isEqualTo(pairs);
  }

  @Test
  void everyShapeOfAModelIsThereInTheEnd() {
    Set<List<String>> products = cases(Level.FULL, Scale.DEVICE, "matmul").stream().map(test -> List.of(test.values().getOrDefault("w", "f32"),
        test.values().getOrDefault("n", "64"), test.values().getOrDefault("k", "256"))).collect(Collectors.toSet());
    for (ModelShape model : ModelShape.builtIn()) {
      for (String w : new String[] {"q4_0", "bf16", "q8_0"}) {
        assertThat(products).as(model.name()).contains(List.of(w, "" + model.intermediate(), "" + model.hidden()),
            List.of(w, "" + model.vocabulary(), "" + model.hidden()), List.of(w, "" + model.kvHeads() * model.keySize(), "" + model.hidden()));
      }
    }
  }

  @Test
  void nothingEmulatedIsOfAModelsSize() {
    for (TestCase test : cases(Level.STANDARD, Scale.EMULATED, "matmul")) {
      long products = Long.parseLong(test.values().getOrDefault("rows", "1")) * Long.parseLong(test.values().getOrDefault("n", "64"))
          * Long.parseLong(test.values().getOrDefault("k", "256"));
      assertThat(products).as(test.line()).isLessThan(5_000_000);
    }
  }
}
