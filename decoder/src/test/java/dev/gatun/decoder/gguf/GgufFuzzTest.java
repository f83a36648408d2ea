package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the bytes, a file opens and all of it can be read, or one line says why not. */
class GgufFuzzTest {
  private static final long[] BLOW_UPS = {0, 1, 2, 7, 31, 255, 65_535, 65_536, 1L << 20, 1L << 31, (1L << 32) - 1, 1L << 32, 1L << 40,
    1L << 61, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1, -32};

  @TempDir Path folder;

  @Test
  void survivesMutationsOfItsOwnFiles() throws IOException {
    Path seed = folder.resolve("seed.gguf");
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama").bool("flag", true).float32("eps", 1e-5)
        .array("tokens", MetadataType.STRING, List.of("a", "bc", "")).array("scores", MetadataType.FLOAT32, List.of(1f, 2f))
        .array("nest", MetadataType.ARRAY, List.of(new MetadataArray(MetadataType.BOOL, List.of(true, false))));
    for (DType type : List.of(DType.F32, DType.Q8_0, DType.Q4_K)) {
      writer.tensor(type.label(), type, new long[] {2, 256}, (offset, chunk) -> chunk.fill((byte) 1));
    }
    writer.write(seed);
    byte[] whole = Files.readAllBytes(seed);
    int opened = mutate(whole, whole.length, 6000, new Random(11));
    assertThat(opened).as("mutations that leave a readable file").isBetween(100, 5900);
  }

  @Test
  void survivesMutationsOfRealHeaders() throws IOException {
    for (Path file : SharedModels.files("models")) {
      byte[] whole = Files.readAllBytes(file);
      byte[] head = Arrays.copyOf(whole, Math.min(whole.length, 300_000));
      mutate(head, Math.min(30_000, head.length), 120, new Random(file.getFileName().hashCode()));
    }
  }

  private int mutate(byte[] whole, int headerBytes, int times, Random random) throws IOException {
    Path file = folder.resolve("mutant.gguf");
    int opened = 0;
    for (int i = 0; i < times; i++) {
      byte[] mutant = mutant(whole, headerBytes, random);
      Files.write(file, mutant);
      if (opensOrSaysWhy(file)) {
        opened++;
      }
    }
    return opened;
  }

  private static byte[] mutant(byte[] whole, int headerBytes, Random random) {
    byte[] mutant = whole.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(Math.min(headerBytes, mutant.length));
      ByteBuffer bytes = ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN);
      switch (random.nextInt(5)) {
        case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutant[at] = (byte) random.nextInt();
        case 2 -> {
          if (at + 8 <= mutant.length) {
            bytes.putLong(at, BLOW_UPS[random.nextInt(BLOW_UPS.length)]);
          }
        }
        case 3 -> {
          if (at + 4 <= mutant.length) {
            bytes.putInt(at, (int) BLOW_UPS[random.nextInt(BLOW_UPS.length)]);
          }
        }
        default -> {
          int length = random.nextBoolean() ? at : random.nextInt(mutant.length);
          mutant = Arrays.copyOf(mutant, Math.max(1, length));
        }
      }
    }
    return mutant;
  }

  /** Any exception of another kind fails the test. */
  private static boolean opensOrSaysWhy(Path file) {
    try (Gguf gguf = Gguf.open(file)) {
      readEverything(gguf);
      return true;
    } catch (GgufException e) {
      assertThat(e.getMessage()).contains(file.getFileName().toString()).doesNotContain("\n").hasSizeLessThan(1000);
      return false;
    }
  }

  private static void readEverything(Gguf gguf) {
    for (String key : gguf.metadata().keys()) {
      assertThat(gguf.metadata().value(key).orElseThrow().toString()).isNotNull();
    }
    for (GgufEntry entry : gguf.entries()) {
      if (entry.type().dtype().isPresent()) {
        GgufTensor tensor = gguf.tensor(entry.name()).orElseThrow();
        assertThat(tensor.data().byteSize()).isEqualTo(tensor.dtype().bytes(Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b)));
        tensor.data().get(ValueLayout.JAVA_BYTE, tensor.data().byteSize() - 1);
      }
    }
  }

  @Property(tries = 500, seed = "42")
  void survivesAnyBytesBehindTheMagic(@ForAll @Size(max = 300) byte[] tail) throws IOException {
    Path file = Files.createTempFile("gatun", ".gguf");
    try {
      Files.write(file, new RawGguf().raw("GGUF").i32(3).raw(tail).bytes());
      opensOrSaysWhy(file);
    } finally {
      Files.delete(file);
    }
  }

  @Property(tries = 200, seed = "43")
  void metadataSurvivesTheRoundTrip(@ForAll("keys") List<String> keys, @ForAll List<Long> integers, @ForAll List<Double> reals)
      throws IOException {
    Path file = Files.createTempFile("gatun", ".gguf");
    try {
      GgufWriter writer = new GgufWriter();
      for (String key : keys) {
        writer.string(key, key + "!").array(key + ".i", MetadataType.INT64, integers).array(key + ".r", MetadataType.FLOAT64, reals);
      }
      writer.array("strings of it all", MetadataType.STRING, keys);
      writer.write(file);
      try (Gguf gguf = Gguf.open(file)) {
        for (String key : keys) {
          assertThat(gguf.metadata().string(key)).contains(key + "!");
          assertThat(gguf.metadata().value(key + ".i")).contains(new ArrayList<Object>(integers));
          assertThat(gguf.metadata().value(key + ".r")).contains(new ArrayList<Object>(reals));
        }
        assertThat(gguf.metadata().strings("strings of it all")).contains(keys);
      }
    } finally {
      Files.delete(file);
    }
  }

  @Provide
  Arbitrary<List<String>> keys() {
    return Arbitraries.strings().excludeChars('.').ofMinLength(1).ofMaxLength(20)
        .filter(key -> key.codePoints().noneMatch(c -> c >= 0xD800 && c < 0xE000))
        .list().ofMaxSize(5).uniqueElements();
  }
}
