package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import dev.gatun.decoder.gguf.GgufType;
import dev.gatun.tck.oracle.Nmse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models whose matrices are of a type that is rewritten when it is loaded. */
class GridModelTest {
  /** What every block begins with: elements are below one. */
  private static final float SCALE = 0.002f;

  private static final int[] IDS = {1, 70, 3, 255, 299};

  @TempDir
  Path folder;

  /** A file in a type of as many bytes, then told to be of the other, with random blocks of that. */
  @ParameterizedTest
  @CsvSource({"Q3_K, IQ3_S", "TQ2_0, IQ2_XXS"})
  void logitsAreThoseOfPlainLoops(DType alike, GgufType type) throws IOException {
    Path file = new RandomModel("llama", 1, 256, 512, 4, 2, 64, 300, false, alike).write(folder.resolve("model.gguf"));
    rename(file, alike, type);
    try (Model model = Model.open(file)) {
      assertThat(model.problem()).isEmpty();
      double[][] expected = new PlainDecoder(model.gguf()).logits(IDS);
      try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("native", "off")); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64));
          Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        float[][] actual = decoder.logits(sequence, IDS);
        for (int t = 0; t < IDS.length; t++) {
          float[] row = actual[t];
          double[] values = new double[row.length];
          Arrays.setAll(values, i -> row[i]);
          assertThat(Nmse.of(expected[t], values)).as("token %d", t).isLessThan(1e-6);
        }
      }
    }
  }

  private static void rename(Path file, DType alike, GgufType type) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(7);
    try (Gguf gguf = Gguf.open(file)) {
      for (GgufEntry entry : gguf.entries()) {
        if (entry.type().dtype().orElseThrow() == alike) {
          byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
          int at = behind(bytes, in, name);
          in.putInt(at + Integer.BYTES + Long.BYTES * entry.shape().length, type.id());
          byte[] blocks = new byte[Math.toIntExact(entry.bytes())];
          random.nextBytes(blocks);
          in.put(Math.toIntExact(entry.offset()), blocks);
          for (long block = entry.offset(); block < entry.offset() + entry.bytes(); block += type.blockBytes()) {
            in.putShort(Math.toIntExact(block), Float.floatToFloat16(SCALE));
          }
        }
      }
    }
    Files.write(file, bytes);
  }

  private static int behind(byte[] bytes, ByteBuffer in, byte[] name) {
    for (int at = Long.BYTES; at < bytes.length - name.length; at++) {
      if (Arrays.equals(bytes, at, at + name.length, name, 0, name.length) && in.getLong(at - Long.BYTES) == name.length) {
        return at + name.length;
      }
    }
    throw new IllegalArgumentException("no such name");
  }
}
