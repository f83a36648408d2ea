package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The decoder on the CUDA kernels, which the emulator runs, against llama.cpp: same file, same prompt, greedy. */
class EmulatedGoldenDecoderTest {
  private static final System.Logger LOGGER = System.getLogger(EmulatedGoldenDecoderTest.class.getName());

  private static final int LONG_PROMPT = 20;

  @BeforeAll
  static void needsTheEmulator() {
    EmulatorCalls.assumeBuilt();
  }

  @TestFactory
  Stream<DynamicTest> matchesLlamaCpp() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Golden golden : Golden.all()) {
      // Of a model that is here for its weight types or its family's graph alone, one prompt does.
      if (!golden.model().matches("stories260K.*|tiny-(llama|llama3|qwen2|qwen3)-.*") && golden.prompt().length() > LONG_PROMPT) {
        continue;
      }
      tests.add(DynamicTest.dynamicTest(golden.model() + " '" + golden.prompt() + "'", () -> compare(golden, "on")));
      if (golden.model().equals("stories260K-F32.gguf")) {
        tests.add(DynamicTest.dynamicTest(golden.model() + " '" + golden.prompt() + "' graph off", () -> compare(golden, "off")));
      }
    }
    return tests.stream();
  }

  private static void compare(Golden golden, String graph) {
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", graph))) {
      double nmse = golden.compareFinely(backend);
      LOGGER.log(System.Logger.Level.INFO, "{0} graph {1}: NMSE {2}", golden.model(), graph, Double.toString(nmse));
    }
  }
}
