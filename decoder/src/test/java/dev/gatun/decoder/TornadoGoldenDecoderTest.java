package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.Backend;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.decoder.tokenizer.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The decoder on the TornadoVM kernels against llama.cpp: same file, same prompt, greedy; on a device where the build was given an SDK, else on the emulator. */
class TornadoGoldenDecoderTest {
  private static final System.Logger LOGGER = System.getLogger(TornadoGoldenDecoderTest.class.getName());

  /** The profile tornado-device starts JVMs with TornadoVM in them, where nothing but its device may answer. */
  private static final boolean DEVICE = Boolean.getBoolean("gatun.tornado.device");

  /** What must have golden tokens wherever there are any; other files are taken as they come, but none of them is missing. */
  private static final List<String> MODELS = List.of("stories260K-F32.gguf", "stories260K-Q8_0.gguf", "stories260K-Q4_0.gguf", "tiny-llama-F32.gguf",
      "tiny-llama3-F32.gguf", "tiny-qwen2-F32.gguf", "tiny-qwen3-F32.gguf");

  /** What TornadoVM has no kernels for: experts and latent attention. */
  private static final Map<String, String> REFUSED = Map.of("tiny-mixtral-F32.gguf", "moe_route has no TornadoVM kernel", "tiny-qwen3moe-F32.gguf",
      "moe_route has no TornadoVM kernel", "tiny-deepseek2-F32.gguf", "a cache of latent rows is not served", "tiny-minicpm3-F32.gguf",
      "a cache of latent rows is not served");

  @TestFactory
  Stream<DynamicTest> matchesLlamaCpp() throws IOException {
    Path shared = SharedData.file("golden/greedy.json").getParent().getParent();
    List<Golden> all = Golden.all();
    assertThat(all).extracting(Golden::model).as("files with golden tokens").containsAll(MODELS);
    assertThat(all).allSatisfy(golden -> assertThat(shared.resolve("models").resolve(golden.model())).isRegularFile());
    return all.stream().map(golden -> DynamicTest.dynamicTest(golden.model() + " '" + golden.prompt() + "'", () -> compare(golden)));
  }

  @Test
  void runsOnADevice() {
    if (!DEVICE) {
      LOGGER.log(System.Logger.Level.WARNING, "golden tokens of the TornadoVM kernels: on the emulator alone");
    }
    assumeTrue(DEVICE, "run on the emulator alone; -Dgatun.tornado.home=FOLDER, with a TornadoVM SDK, compares on its device too");
    try (Backend backend = Gatun.open("tornado")) {
      assertThat(backend.device().facts()).containsKey("tornadovm").doesNotContainEntry("interface", "JAVA");
    }
  }

  private static void compare(Golden golden) {
    try (Backend backend = Gatun.open(DEVICE ? "tornado" : "tornado-emulated")) {
      String reason = REFUSED.get(golden.model());
      if (reason != null) {
        assertThatThrownBy(() -> golden.compare(backend)).isInstanceOf(GatunException.class).hasMessageContaining(golden.model()).hasMessageContaining(reason);
        return;
      }
      double nmse = golden.compare(backend);
      LOGGER.log(System.Logger.Level.INFO, "{0} on {1}: NMSE {2}", golden.model(), backend.device().name(), Double.toString(nmse));
    }
  }
}
