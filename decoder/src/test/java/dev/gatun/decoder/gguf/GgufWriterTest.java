package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
  private static final TensorSource ZEROS = (offset, chunk) -> chunk.fill((byte) 0);

  @TempDir Path folder;

  @Test
  void writesTheBytesOfTheSpecification() throws IOException {
    Path file = folder.resolve("w.gguf");
    byte[] row = {1, 2, 3, 4, 5, 6};
    new GgufWriter().uint32("u", 7).string("s", "hé").bool("b", true).float32("f", 0.5)
        .array("a", MetadataType.STRING, List.of("x", "")).put("l", MetadataType.INT64, -2L)
        .array("n", MetadataType.ARRAY, List.of(new MetadataArray(MetadataType.UINT8, List.of(255)),
            new MetadataArray(MetadataType.FLOAT64, List.of(1.5))))
        .tensor("t", DType.I8, new long[] {2, 3}, TensorSource.of(MemorySegment.ofArray(row)))
        .tensor("v", DType.F32, new long[] {1}, ZEROS)
        .write(file);
    byte[] expected = RawGguf.header(2, 7).key("u", RawGguf.UINT32).i32(7).key("s", RawGguf.STRING).text("hé")
        .key("b", RawGguf.BOOL).i8(1).key("f", RawGguf.FLOAT32).f32(0.5f)
        .array("a", RawGguf.STRING, 2).text("x").text("").key("l", RawGguf.INT64).i64(-2)
        .array("n", RawGguf.ARRAY, 2).i32(RawGguf.UINT8).i64(1).i8(255).i32(RawGguf.FLOAT64).i64(1).f64(1.5)
        .tensor("t", 24, 0, 3, 2).tensor("v", 0, 32, 1).align(32).raw(row).align(32).zeros(32).bytes();
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
  }

  @Test
  void whatIsWrittenIsReadForEveryDType() {
    GgufWriter writer = new GgufWriter();
    List<DType> written = Stream.of(DType.values()).filter(type -> GgufType.of(type).isPresent()).toList();
    List<byte[]> contents = new ArrayList<>();
    Random random = new Random(1);
    for (DType type : written) {
      byte[] content = new byte[(int) type.bytes(3 * 2 * 256)];
      random.nextBytes(content);
      contents.add(content);
      writer.tensor(type.label(), type, new long[] {3, 2, 256}, TensorSource.of(MemorySegment.ofArray(content)));
    }
    Path file = folder.resolve("types.gguf");
    writer.write(file);
    assertThat(file.toFile().length()).isEqualTo(writer.fileBytes());
    try (Gguf gguf = Gguf.open(file)) {
      for (int i = 0; i < written.size(); i++) {
        GgufTensor tensor = gguf.tensor(written.get(i).label()).orElseThrow();
        assertThat(tensor.dtype()).isEqualTo(written.get(i));
        assertThat(tensor.shape()).containsExactly(3, 2, 256);
        assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(contents.get(i));
      }
    }
  }

  @Test
  void everyMetadataTypeIsReadBackAlsoWhenCopied() {
    GgufWriter writer = new GgufWriter();
    for (MetadataType type : MetadataType.values()) {
      Object value = switch (type) {
        case STRING -> "text";
        case BOOL -> true;
        case ARRAY -> new MetadataArray(MetadataType.STRING, List.of("a", "b"));
        case FLOAT32 -> 1.25f;
        case FLOAT64 -> 1e-200;
        default -> 100L;
      };
      writer.put(type.name(), type, value).array(type + "s", type, List.of(value, value));
    }
    writer.uint32("split.count", 1);
    Path first = folder.resolve("first.gguf");
    Path second = folder.resolve("second.gguf");
    writer.write(first);
    try (Gguf gguf = Gguf.open(first)) {
      new GgufWriter().copy(gguf.metadata()).write(second);
    }
    for (Path file : List.of(first, second)) {
      try (Gguf gguf = Gguf.open(file)) {
        Metadata metadata = gguf.metadata();
        assertThat(metadata.integer("UINT64")).hasValue(100);
        assertThat(metadata.value("FLOAT32s")).contains(List.of(1.25f, 1.25f));
        assertThat(metadata.value("FLOAT64")).contains(1e-200);
        assertThat(metadata.value("ARRAY")).contains(List.of("a", "b"));
        assertThat(metadata.value("ARRAYs")).contains(List.of(List.of("a", "b"), List.of("a", "b")));
        assertThat(metadata.bools("BOOLs")).contains(new boolean[] {true, true});
        assertThat(metadata.integers("INT16s")).contains(new int[] {100, 100});
        assertThat(metadata.keys()).hasSize(file == first ? 27 : 26);
      }
    }
  }

  @Test
  void threadsAndChunksDoNotChangeTheFile() throws IOException {
    TensorSource numbered = (offset, chunk) -> {
      for (long i = 0; i < chunk.byteSize() / 4; i++) {
        chunk.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, (int) (offset / 4 + i));
      }
    };
    List<Long> done = new ArrayList<>();
    Path one = folder.resolve("one.gguf");
    Path many = folder.resolve("many.gguf");
    for (Path file : List.of(one, many)) {
      GgufWriter writer = new GgufWriter().threads(file == one ? 1 : 7).progress((bytes, total) -> done.add(bytes));
      writer.tensor("large", DType.I32, new long[] {3001, 1000}, numbered).tensor("small", DType.I32, new long[] {5}, numbered);
      done.clear();
      writer.write(file);
      assertThat(done).isSorted().last().isEqualTo(writer.fileBytes());
    }
    assertThat(Files.mismatch(one, many)).isEqualTo(-1);
    try (Gguf gguf = Gguf.open(many)) {
      int[] data = gguf.tensor("large").orElseThrow().data().toArray(ValueLayout.JAVA_INT_UNALIGNED);
      for (int i = 0; i < data.length; i++) {
        assertThat(data[i]).isEqualTo(i);
      }
    }
  }

  @Test
  void leavesNothingBehindWhenAnythingFails() throws IOException {
    Path file = Files.writeString(folder.resolve("kept.gguf"), "old");
    for (int threads : new int[] {1, 4}) {
      TensorSource broken = (offset, chunk) -> {
        if (offset > 0) {
          throw new IOException("no more");
        }
      };
      GgufWriter failing = new GgufWriter().threads(threads).tensor("t", DType.F32, new long[] {9000, 1000}, broken);
      assertThatThrownBy(() -> failing.write(file)).isInstanceOf(GgufException.class).hasMessageContaining("no more");
      GgufWriter cancelled = new GgufWriter().threads(threads).tensor("t", DType.F32, new long[] {9000, 1000}, ZEROS)
          .progress((done, total) -> {
            throw new IllegalStateException("cancelled");
          });
      assertThatThrownBy(() -> cancelled.write(file)).isInstanceOf(IllegalStateException.class).hasMessage("cancelled");
    }
    assertThat(file).hasContent("old");
    assertThat(folder.toFile().list()).containsExactly("kept.gguf");
    new GgufWriter().write(file);
    Gguf.open(file).close();
  }

  @Test
  void saysWhenTheDiskIsTooSmallOrTheFolderIsMissing() {
    GgufWriter huge = new GgufWriter().tensor("t", DType.F32, new long[] {1L << 40, 1024}, ZEROS);
    assertThatThrownBy(() -> huge.write(folder.resolve("huge.gguf"))).isInstanceOf(GgufException.class)
        .hasMessageContaining("needs 4503599627.4 MB, but only").message().doesNotContain("\n");
    assertThatThrownBy(() -> new GgufWriter().write(folder.resolve("absent").resolve("x.gguf"))).isInstanceOf(GgufException.class)
        .hasMessageContaining("can't be written");
    assertThatThrownBy(() -> new GgufWriter().write(folder)).isInstanceOf(GgufException.class).hasMessageContaining("folder");
  }

  @Test
  void refusesWhatTheFormatCannotHold() {
    GgufWriter writer = new GgufWriter().tensor("t", DType.F32, new long[] {1}, ZEROS);
    assertThatThrownBy(() -> writer.uint32("k", -1)).hasMessageContaining("-1 doesn't fit in UINT32");
    assertThatThrownBy(() -> writer.put("k", MetadataType.INT8, 128)).hasMessageContaining("128 doesn't fit in INT8");
    assertThatThrownBy(() -> writer.put("k", MetadataType.BOOL, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> writer.put("k", MetadataType.UINT8, 1.5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> writer.uint32("general.alignment", 64)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> writer.tensor("t", DType.F32, new long[] {1}, ZEROS)).hasMessageContaining("there already");
    assertThatThrownBy(() -> writer.tensor("f", DType.F8_E4M3, new long[] {1}, ZEROS)).hasMessageContaining("no type F8_E4M3");
    assertThatThrownBy(() -> writer.tensor("z", DType.F32, new long[] {0}, ZEROS)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> writer.tensor("d", DType.F32, new long[] {1, 1, 1, 1, 1}, ZEROS))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> writer.tensor("x".repeat(64), DType.F32, new long[] {1}, ZEROS)).hasMessageContaining("longer than 63");
  }
}
