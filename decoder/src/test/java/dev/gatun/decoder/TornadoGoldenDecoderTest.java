package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.Gatun;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The decoder on the TornadoVM kernels, which the emulator runs, against llama.cpp: same file, same prompt, greedy. */
class TornadoGoldenDecoderTest {
  private static final System.Logger LOGGER = System.getLogger(TornadoGoldenDecoderTest.class.getName());
  private static final List<String> MODELS = List.of("stories260K-F32.gguf", "stories260K-Q8_0.gguf", "stories260K-Q4_0.gguf");

  /** The shortest prompt of each model: emulated work-items take their time. */
  @TestFactory
  Stream<DynamicTest> matchesLlamaCpp() throws IOException {
    Map<String, List<Golden>> models = Golden.all().stream().filter(golden -> MODELS.contains(golden.model()))
        .collect(Collectors.groupingBy(Golden::model, TreeMap::new, Collectors.toList()));
    return models.values().stream().map(prompts -> prompts.stream().min(Comparator.comparingInt(golden -> golden.prompt().length())).orElseThrow())
        .map(golden -> DynamicTest.dynamicTest(golden.model() + " '" + golden.prompt() + "'", () -> compare(golden)));
  }

  private static void compare(Golden golden) {
    try (Backend backend = Gatun.open("tornado-emulated")) {
      double nmse = golden.compare(backend);
      LOGGER.log(System.Logger.Level.INFO, "{0} on {1}: NMSE {2}", golden.model(), backend.name(), Double.toString(nmse));
    }
  }
}
