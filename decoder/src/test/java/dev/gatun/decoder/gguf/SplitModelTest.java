package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitModelTest {
  @TempDir Path folder;

  private Path part(int no, int count, int tensors, String tensor) {
    RawGguf raw = RawGguf.header(1, 4).key("split.no", RawGguf.UINT16).i16(no).key("split.count", RawGguf.UINT16).i16(count)
        .key("split.tensors.count", RawGguf.INT32).i32(tensors).key("mine", RawGguf.UINT8).i8(no)
        .tensor(tensor, 0, 0, 8).align(32).f32(no + 0.5f).zeros(28);
    return RawGguf.write(path(no, count), raw.bytes());
  }

  private Path path(int no, int count) {
    return folder.resolve(String.format("m-%05d-of-%05d.gguf", no + 1, count));
  }

  @Test
  void anyPartOpensAll() {
    for (int no = 0; no < 3; no++) {
      part(no, 3, 3, "t" + no);
    }
    for (int no = 0; no < 3; no++) {
      try (Gguf gguf = Gguf.open(path(no, 3))) {
        assertThat(gguf.tensors()).extracting(GgufTensor::name).containsExactly("t0", "t1", "t2");
        assertThat(gguf.tensor("t2").orElseThrow().data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)).isEqualTo(2.5f);
        assertThat(gguf.metadata().integer("mine")).hasValue(0);
        assertThat(gguf.fileBytes()).isEqualTo(3 * path(0, 3).toFile().length());
        assertThat(gguf.entries()).extracting(GgufEntry::part).containsExactly(0, 1, 2);
      }
    }
  }

  @Test
  void namesTheMissingPart() {
    part(0, 3, 3, "t0");
    part(2, 3, 3, "t2");
    assertThatThrownBy(() -> Gguf.open(path(0, 3))).isInstanceOf(GgufException.class).hasMessage(path(1, 3) + ": no such file");
  }

  @Test
  void refusesPartsThatDoNotBelongTogether() throws Exception {
    part(0, 2, 2, "a");
    part(1, 2, 2, "a");
    assertThatThrownBy(() -> Gguf.open(path(1, 2))).isInstanceOf(GgufException.class).hasMessageContaining("'a' occurs in an earlier");
    part(0, 2, 3, "a");
    part(1, 2, 3, "b");
    assertThatThrownBy(() -> Gguf.open(path(1, 2))).isInstanceOf(GgufException.class)
        .hasMessageContaining("split.tensors.count is 3, but the 2 parts hold 2 tensors");
    Files.copy(path(0, 2), folder.resolve("n-00002-of-00002.gguf"));
    Files.copy(path(0, 2), folder.resolve("n-00001-of-00002.gguf"));
    assertThatThrownBy(() -> Gguf.open(folder.resolve("n-00001-of-00002.gguf"))).isInstanceOf(GgufException.class)
        .hasMessageContaining("n-00002-of-00002.gguf").hasMessageContaining("its split.no is 0");
    Path renamed = Files.copy(path(0, 2), folder.resolve("renamed.gguf"));
    assertThatThrownBy(() -> Gguf.open(renamed)).isInstanceOf(GgufException.class)
        .hasMessageContaining("its name must end in -NNNNN-of-00002.gguf");
  }

  @Test
  void refusesAbsurdCounts() {
    Path file = RawGguf.header(0, 1).key("split.count", RawGguf.UINT64).i64(-1).in(folder);
    assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(GgufException.class).hasMessageContaining("split.count");
    Path other = RawGguf.header(0, 1).key("split.count", RawGguf.UINT32).i32(100_000).in(folder);
    assertThatThrownBy(() -> Gguf.open(other)).isInstanceOf(GgufException.class).hasMessageContaining("split.count is 100000");
  }
}
