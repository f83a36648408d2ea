package dev.gatun.decoder.family;

import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.gguf.Gguf;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An architecture: how its keys are read, and which {@linkplain Part parts} its blocks are made of. One small file each; {@link #SERVED} lists them. Names of
 * keys and tensors are those of the GGUF specification; what a key means where it is missing, and the order of norms, scales and sums, is as in llama.cpp.
 */
public interface Family {
  /** The families served. */
  List<Family> SERVED = List.of(new Llama(), new Qwen2(), new Qwen3(), new MiniCpm(), new MiniCpm3(), new Gemma2(), new Gemma3(), new Phi3(), new Granite(), new Gpt2(),
      new Olmo2(), new SmolLm3(), new Qwen2Moe(), new Qwen3Moe(), new GraniteMoe(), new DeepSeek2());

  /** The value of {@code general.architecture}. */
  String architecture();

  /** What a file's keys say. @throws ModelException naming the key that is missing or not served */
  Blueprint read(Keys keys);

  /** Reads a file with its family. @throws ModelException naming the architecture and those served, if it is none of them */
  static Blueprint blueprint(Gguf gguf) {
    String architecture = gguf.metadata().string("general.architecture")
        .orElseThrow(() -> new ModelException(gguf.file(), "metadata key general.architecture is missing; is this a language model?"));
    Family family = SERVED.stream().filter(served -> served.architecture().equals(architecture)).findFirst()
        .orElseThrow(() -> new ModelException(gguf.file(), "architecture '" + architecture + "' is not served; served are: " + served()));
    return family.read(new Keys(gguf, architecture));
  }

  /** The names of the families served. */
  static String served() {
    return SERVED.stream().map(Family::architecture).collect(Collectors.joining(", "));
  }
}
