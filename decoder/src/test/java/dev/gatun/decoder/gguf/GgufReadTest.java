package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufReadTest {
  @TempDir Path folder;

  @Test
  void readsEveryScalarType() {
    Path file = RawGguf.header(0, 12)
        .key("u8", RawGguf.UINT8).i8(200)
        .key("i8", RawGguf.INT8).i8(-56)
        .key("u16", RawGguf.UINT16).i16(60000)
        .key("i16", RawGguf.INT16).i16(-5536)
        .key("u32", RawGguf.UINT32).i32((int) 4_000_000_000L)
        .key("i32", RawGguf.INT32).i32(-294_967_296)
        .key("f32", RawGguf.FLOAT32).f32(0.1f)
        .key("yes", RawGguf.BOOL).i8(1)
        .key("text", RawGguf.STRING).text("grüße\n")
        .key("u64", RawGguf.UINT64).i64(1L << 62)
        .key("i64", RawGguf.INT64).i64(-3)
        .key("f64", RawGguf.FLOAT64).f64(1e300)
        .in(folder);
    try (Gguf gguf = Gguf.open(file)) {
      Metadata metadata = gguf.metadata();
      assertThat(metadata.keys()).containsExactly("u8", "i8", "u16", "i16", "u32", "i32", "f32", "yes", "text", "u64", "i64", "f64");
      assertThat(metadata.integer("u8")).hasValue(200);
      assertThat(metadata.integer("i8")).hasValue(-56);
      assertThat(metadata.integer("u16")).hasValue(60000);
      assertThat(metadata.integer("i16")).hasValue(-5536);
      assertThat(metadata.integer("u32")).hasValue(4_000_000_000L);
      assertThat(metadata.integer("i32")).hasValue(-294_967_296);
      assertThat(metadata.integer("u64")).hasValue(1L << 62);
      assertThat(metadata.integer("i64")).hasValue(-3);
      assertThat(metadata.real("f32")).hasValue(0.1f);
      assertThat(metadata.real("f64")).hasValue(1e300);
      assertThat(metadata.real("i32")).hasValue(-294_967_296.0);
      assertThat(metadata.real("u64")).hasValue(0x1p62);
      assertThat(metadata.bool("yes")).contains(true);
      assertThat(metadata.string("text")).contains("grüße\n");
      assertThat(metadata.value("u8")).contains(200L);
      assertThat(metadata.value("f64")).contains(1e300);
      assertThat(metadata.typeName("u16")).contains("UINT16");
      assertThat(metadata.value("absent")).isEmpty();
      assertThat(metadata.integer("absent")).isEmpty();
      assertThat(metadata.real("absent")).isEmpty();
      assertThat(metadata.strings("absent")).isEmpty();
      assertThat(gguf.version()).isEqualTo(3);
      assertThat(gguf.file()).isEqualTo(file);
      assertThat(gguf.tensors()).isEmpty();
    }
  }

  @Test
  void readsArraysAndArraysInArrays() {
    byte[] broken = {(byte) 0xE2, (byte) 0x96};
    Path file = RawGguf.header(0, 5)
        .array("strings", RawGguf.STRING, 3).text("a").text("").text(broken)
        .array("shorts", RawGguf.INT16, 2).i16(-1).i16(7)
        .array("floats", RawGguf.FLOAT32, 2).f32(1.5f).f32(-2)
        .array("bools", RawGguf.BOOL, 3).i8(1).i8(0).i8(1)
        .array("nested", RawGguf.ARRAY, 2).i32(RawGguf.UINT8).i64(2).i8(1).i8(2).i32(RawGguf.STRING).i64(1).text("x")
        .in(folder);
    Metadata metadata;
    try (Gguf gguf = Gguf.open(file)) {
      metadata = gguf.metadata();
    }
    assertThat(metadata.strings("strings").orElseThrow()).containsExactly("a", "", "\uFFFD");
    assertThat(metadata.bytes("strings").orElseThrow()).containsExactly(new byte[] {'a'}, new byte[0], broken);
    assertThat(metadata.integers("shorts")).contains(new int[] {-1, 7});
    assertThat(metadata.floats("floats")).contains(new float[] {1.5f, -2});
    assertThat(metadata.floats("shorts")).contains(new float[] {-1, 7});
    assertThat(metadata.bools("bools")).contains(new boolean[] {true, false, true});
    assertThat(metadata.value("nested")).contains(List.of(List.of(1L, 2L), List.of("x")));
    assertThat(metadata.typeName("strings")).contains("array of 3 STRING");
  }

  @Test
  void namesFileKeyAndBothTypesWhenTheTypeIsWrong() {
    Path file = RawGguf.header(0, 4)
        .key("number", RawGguf.UINT32).i32(1)
        .array("numbers", RawGguf.INT64, 1).i64(1L << 40)
        .key("huge", RawGguf.UINT64).i64(-1)
        .key("text", RawGguf.STRING).text("x")
        .in(folder);
    try (Gguf gguf = Gguf.open(file)) {
      Metadata metadata = gguf.metadata();
      assertThatThrownBy(() -> metadata.string("number")).isInstanceOf(GgufException.class)
          .hasMessage(file + ": metadata key 'number' is UINT32, but STRING is wanted");
      assertThatThrownBy(() -> metadata.strings("numbers")).isInstanceOf(GgufException.class)
          .hasMessage(file + ": metadata key 'numbers' is array of 1 INT64, but an array of STRING is wanted");
      assertThatThrownBy(() -> metadata.integer("text")).hasMessageContaining("'text' is STRING, but an integer is wanted");
      assertThatThrownBy(() -> metadata.real("text")).hasMessageContaining("a number is wanted");
      assertThatThrownBy(() -> metadata.bool("number")).hasMessageContaining("BOOL is wanted");
      assertThatThrownBy(() -> metadata.integer("numbers")).hasMessageContaining("an integer is wanted");
      assertThatThrownBy(() -> metadata.floats("number")).hasMessageContaining("an array of numbers is wanted");
      assertThatThrownBy(() -> metadata.bools("numbers")).hasMessageContaining("an array of BOOL is wanted");
      assertThatThrownBy(() -> metadata.integers("numbers")).hasMessageContaining("1099511627776, which is no 32-bit integer");
      assertThatThrownBy(() -> metadata.integer("huge")).hasMessageContaining("18446744073709551615");
      assertThat(metadata.real("huge")).hasValue(0x1p64);
    }
  }

  @Test
  void givesTensorsWhereTheyLieOutermostDimensionFirst() {
    Path file = RawGguf.header(2, 1).key("general.alignment", RawGguf.UINT32).i32(64)
        .tensor("matrix", 0, 64, 2, 3)
        .tensor("row", 8, 0, 32)
        .align(64).zeros(34).align(64)
        .f32(1).f32(2).f32(3).f32(4).f32(5).f32(6)
        .in(folder);
    try (Gguf gguf = Gguf.open(file)) {
      GgufTensor matrix = gguf.tensor("matrix").orElseThrow();
      assertThat(matrix.shape()).containsExactly(3, 2);
      assertThat(matrix.dtype()).isEqualTo(DType.F32);
      assertThat(matrix.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(matrix.data().isReadOnly()).isTrue();
      GgufTensor row = gguf.tensor("row").orElseThrow();
      assertThat(row.shape()).containsExactly(32);
      assertThat(row.data().byteSize()).isEqualTo(34);
      assertThat(gguf.tensors()).extracting(GgufTensor::name).containsExactly("matrix", "row");
      assertThat(gguf.tensor("absent")).isEmpty();
    }
  }

  @Test
  void readsVersion2() {
    Path file = new RawGguf().raw("GGUF").i32(2).i64(0).i64(1).key("k", RawGguf.UINT8).i8(1).in(folder);
    try (Gguf gguf = Gguf.open(file)) {
      assertThat(gguf.version()).isEqualTo(2);
      assertThat(gguf.metadata().integer("k")).hasValue(1);
    }
  }

  @Test
  void opensFilesWithTypesItCannotComputeWith() {
    Path file = RawGguf.header(2, 1).key("k", RawGguf.UINT8).i8(1)
        .tensor("fine", 0, 0, 8)
        .tensor("odd", 40, 32, 256)
        .align(32).zeros(32 + 144)
        .in(folder);
    try (Gguf gguf = Gguf.open(file)) {
      assertThat(gguf.metadata().integer("k")).hasValue(1);
      assertThat(gguf.tensor("fine")).isPresent();
      assertThat(gguf.entries()).extracting(GgufEntry::type).containsExactly(GgufType.F32, GgufType.NVFP4);
      assertThatThrownBy(() -> gguf.tensor("odd")).isInstanceOf(GgufException.class)
          .hasMessageStartingWith(file + ": tensor 'odd' has the type NVFP4, which Gatun can't compute with; there are F32, F16, Q4_0")
          .hasMessageContaining("IQ2_XXS");
      assertThatThrownBy(gguf::tensors).isInstanceOf(GgufException.class).hasMessageContaining("'odd'");
    }
  }

  @Test
  void refusesDataOnceClosed() {
    Gguf gguf = Gguf.open(RawGguf.oneTensor(0).in(folder));
    GgufTensor tensor = gguf.tensor("t").orElseThrow();
    gguf.close();
    gguf.close();
    assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> gguf.tensor("t")).isInstanceOf(GgufException.class).hasMessageContaining("is closed");
  }

  @Test
  void knowsTheBlockLayoutsOfTheFormat() {
    // Type id to block size and bytes, from the field widths in ggml-common.h.
    Map<Integer, int[]> expected = Map.ofEntries(Map.entry(0, new int[] {1, 4}), Map.entry(1, new int[] {1, 2}),
        Map.entry(2, new int[] {32, 2 + 16}), Map.entry(3, new int[] {32, 4 + 16}), Map.entry(6, new int[] {32, 2 + 4 + 16}),
        Map.entry(7, new int[] {32, 4 + 4 + 16}), Map.entry(8, new int[] {32, 2 + 32}), Map.entry(9, new int[] {32, 4 + 32}),
        Map.entry(10, new int[] {256, 16 + 64 + 4}), Map.entry(11, new int[] {256, 32 + 64 + 12 + 2}),
        Map.entry(12, new int[] {256, 4 + 12 + 128}), Map.entry(13, new int[] {256, 4 + 12 + 32 + 128}),
        Map.entry(14, new int[] {256, 128 + 64 + 16 + 2}), Map.entry(15, new int[] {256, 4 + 256 + 32}),
        Map.entry(16, new int[] {256, 2 + 64}), Map.entry(17, new int[] {256, 2 + 64 + 8}), Map.entry(18, new int[] {256, 2 + 96}),
        Map.entry(19, new int[] {256, 2 + 32 + 16}), Map.entry(20, new int[] {32, 2 + 16}),
        Map.entry(21, new int[] {256, 2 + 64 + 8 + 32 + 4}), Map.entry(22, new int[] {256, 2 + 64 + 8 + 8}),
        Map.entry(23, new int[] {256, 2 + 2 + 4 + 128}), Map.entry(29, new int[] {256, 32 + 16 + 8}),
        Map.entry(34, new int[] {256, 48 + 4 + 2}), Map.entry(35, new int[] {256, 64 + 2}), Map.entry(39, new int[] {32, 1 + 16}));
    expected.forEach((id, sizes) -> {
      GgufType type = GgufType.ofId(id).orElseThrow();
      assertThat(new int[] {type.blockSize(), type.blockBytes()}).as(type.name()).containsExactly(sizes);
    });
    assertThat(GgufType.ofId(4)).isEmpty();
    assertThat(GgufType.of(DType.F8_E4M3)).isEmpty();
    assertThat(Arrays.stream(GgufType.values()).map(GgufType::id)).doesNotHaveDuplicates();
  }

  @Test
  void opensEverySharedModelAndVocabulary() throws IOException {
    for (Path file : SharedModels.files("models")) {
      try (Gguf gguf = Gguf.open(file)) {
        assertThat(gguf.metadata().string("general.architecture")).as(file.toString()).isPresent();
        assertThat(gguf.tensor("token_embd.weight").orElseThrow().shape()[0]).as(file.toString()).isEqualTo(512);
        assertThat(gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow()).as(file.toString()).hasSize(512);
        assertThat(gguf.fileBytes()).isEqualTo(file.toFile().length());
      }
    }
    Map<String, Integer> vocabularies = Map.of("llama-bpe.gguf", 128256, "qwen2.gguf", 151936, "llama-spm.gguf", 32000,
        "gpt-2.gguf", 50257);
    for (Path file : SharedModels.files("vocab")) {
      try (Gguf gguf = Gguf.open(file)) {
        int expected = vocabularies.get(file.getFileName().toString());
        assertThat(gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow()).hasSize(expected);
        assertThat(gguf.metadata().integers("tokenizer.ggml.token_type").orElseThrow()).hasSize(expected);
      }
    }
  }
}
