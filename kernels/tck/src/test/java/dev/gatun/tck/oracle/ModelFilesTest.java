package dev.gatun.tck.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The decoder against files that llama.cpp wrote: the same weights in several types. */
class ModelFilesTest {
  private static final Set<DType> REFERENCE_ROUNDED = EnumSet.of(DType.F16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1);

  @ParameterizedTest
  @CsvSource({
    "stories260K-F16, stories260K-F32", "stories260K-Q8_0, stories260K-F32",
    "stories260K-Q4_0, stories260K-F32", "stories260K-Q4_K_M, stories260K-F32",
    "tiny-llama256-Q8_0, tiny-llama256-BF16", "tiny-llama256-Q6_K, tiny-llama256-BF16", "tiny-llama256-Q5_K_M, tiny-llama256-BF16",
    "tiny-llama256-Q4_K_M, tiny-llama256-BF16", "tiny-llama256-Q4_0, tiny-llama256-BF16"})
  void aQuantizedTensorIsCloseToTheTensorItWasMadeFrom(String quantized, String original) throws IOException {
    Map<String, MiniGguf.Entry> exact = MiniGguf.tensors(model(original));
    Map<String, MiniGguf.Entry> rounded = MiniGguf.tensors(model(quantized));
    assertThat(rounded).isNotEmpty();
    rounded.forEach((name, tensor) -> {
      Errors errors = Errors.between(exact.get(name).values(), tensor.values());
      assertThat(errors.nmse()).as("%s %s", name, tensor.type()).isLessThanOrEqualTo(bound(tensor.type()));
    });
  }

  @ParameterizedTest
  @CsvSource({
    "stories260K-Q8_0, stories260K-F32", "stories260K-Q4_0, stories260K-F32", "stories260K-F16, stories260K-F32",
    "stories260K-Q4_K_M, stories260K-F32"})
  void encodingTheOriginalGivesTheBytesOfTheFile(String quantized, String original) throws IOException {
    Map<String, MiniGguf.Entry> exact = MiniGguf.tensors(model(original));
    int compared = 0;
    for (Map.Entry<String, MiniGguf.Entry> entry : MiniGguf.tensors(model(quantized)).entrySet()) {
      MiniGguf.Entry tensor = entry.getValue();
      if (REFERENCE_ROUNDED.contains(tensor.type())) {
        byte[] ours = Formats.encoded(tensor.type(), exact.get(entry.getKey()).values()).toArray(ValueLayout.JAVA_BYTE);
        assertThat(ours).as("%s %s", entry.getKey(), tensor.type()).isEqualTo(tensor.data().toArray(ValueLayout.JAVA_BYTE));
        compared++;
      }
    }
    assertThat(compared).isPositive();
  }

  @Test
  void everyTypeOfTheTestFilesIsMet() throws IOException {
    try (Stream<Path> files = Files.list(model("stories260K-F32").getParent())) {
      assertThat(files.filter(f -> f.toString().endsWith(".gguf")).flatMap(ModelFilesTest::types).distinct())
          .contains(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q5_K, DType.Q6_K);
    }
  }

  private static Stream<DType> types(Path file) {
    try {
      return MiniGguf.tensors(file).values().stream().map(MiniGguf.Entry::type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** About twice what a uniform rounding to that many levels over weights of a normal distribution costs. */
  private static double bound(DType type) {
    return switch (type) {
      case F32, BF16 -> 0;
      case F16 -> 1e-6;
      case Q8_0 -> 6e-5;
      case Q6_K -> 6e-4;
      case Q5_K, Q5_0, Q5_1 -> 2.5e-3;
      case Q4_0, Q4_1, Q4_K, IQ4_NL -> 1.2e-2;
      default -> 5e-2;
    };
  }

  private static Path model(String name) {
    Path found = null;
    String given = System.getProperty("gatun.testdata");
    if (given != null) {
      found = Path.of(given);
    }
    for (Path folder = Path.of("").toAbsolutePath(); folder != null && found == null; folder = folder.getParent()) {
      found = Files.isDirectory(folder.resolve("shared/models")) ? folder.resolve("shared") : null;
    }
    Assumptions.assumeTrue(found != null && Files.isRegularFile(found.resolve("models/" + name + ".gguf")), "no test data " + name);
    return found.resolve("models/" + name + ".gguf");
  }
}
