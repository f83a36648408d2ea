package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GgufBadInputTest {
  @TempDir Path folder;

  static Stream<Arguments> damaged() {
    RawGguf bomb = RawGguf.header(0, 1).array("deep", RawGguf.ARRAY, 1);
    for (int i = 0; i < 2000; i++) {
      bomb.i32(RawGguf.ARRAY).i64(1);
    }
    return Stream.of(
        Arguments.of("no GGUF file", new RawGguf().raw("PK\3\4").zeros(60)),
        Arguments.of("truncated", new RawGguf().raw("GG")),
        Arguments.of("version 1;", new RawGguf().raw("GGUF").i32(1).i64(0).i64(0)),
        Arguments.of("version 4;", new RawGguf().raw("GGUF").i32(4).i64(0).i64(0)),
        Arguments.of("version 0;", new RawGguf().raw("GGUF").i32(0).i64(0).i64(0)),
        Arguments.of("big-endian", new RawGguf().raw("GGUF").i32(Integer.reverseBytes(3)).i64(0).i64(0)),
        Arguments.of("big-endian", new RawGguf().raw("FUGG").i32(3).i64(0).i64(0)),
        Arguments.of("the count of tensors is 9223372036854775807", RawGguf.header(Long.MAX_VALUE, 0)),
        Arguments.of("the count of tensors is 18446744073709551615", RawGguf.header(-1, 0)),
        Arguments.of("the count of metadata keys is 1000000000", RawGguf.header(0, 1_000_000_000)),
        Arguments.of("the length of metadata key 0", RawGguf.header(0, 1).i64(1L << 60).zeros(64)),
        Arguments.of("the length of metadata key 0", RawGguf.header(0, 1).i64(-1).zeros(64)),
        Arguments.of("the length of metadata 'k'", RawGguf.header(0, 1).key("k", RawGguf.STRING).i64(100).zeros(64)),
        Arguments.of("elements of metadata 'k'", RawGguf.header(0, 1).array("k", RawGguf.UINT8, 1L << 40).zeros(64)),
        Arguments.of("elements of metadata 'k'", RawGguf.header(0, 1).array("k", RawGguf.UINT64, (1L << 61) + 1).zeros(64)),
        Arguments.of("elements of metadata 'k'", RawGguf.header(0, 1).array("k", RawGguf.STRING, -5).zeros(64)),
        Arguments.of("nests arrays deeper", bomb),
        Arguments.of("unknown value type 13", RawGguf.header(0, 1).key("k", 13).zeros(64)),
        Arguments.of("unknown value type 4294967295", RawGguf.header(0, 1).array("k", -1, 1).zeros(64)),
        Arguments.of("BOOL with the value 2", RawGguf.header(0, 1).key("k", RawGguf.BOOL).i8(2)),
        Arguments.of("BOOL with the value 255", RawGguf.header(0, 1).array("k", RawGguf.BOOL, 2).i8(1).i8(255)),
        Arguments.of("key 'k' occurs twice", RawGguf.header(0, 2).key("k", RawGguf.UINT8).i8(1).key("k", RawGguf.UINT8).i8(1)),
        Arguments.of("general.alignment is 0", RawGguf.header(0, 1).key("general.alignment", RawGguf.UINT32).i32(0)),
        Arguments.of("general.alignment is 48", RawGguf.header(0, 1).key("general.alignment", RawGguf.UINT32).i32(48)),
        Arguments.of("general.alignment is 4611686018427387904",
            RawGguf.header(0, 1).key("general.alignment", RawGguf.UINT64).i64(1L << 62)),
        Arguments.of("'general.alignment' is STRING", RawGguf.header(0, 1).key("general.alignment", RawGguf.STRING).text("32")),
        Arguments.of("tensor 't' of 32 bytes at data offset 32 lies past the end", RawGguf.oneTensor(32)),
        Arguments.of("lies past the end", RawGguf.oneTensor(-32)),
        Arguments.of("lies past the end", RawGguf.oneTensor(Long.MAX_VALUE - 31)),
        Arguments.of("no multiple of the alignment 32", RawGguf.oneTensor(8)),
        Arguments.of("lies past the end", RawGguf.header(1, 0).tensor("t", 0, 0, 1)),
        Arguments.of("tensors 'a' and 'b' overlap",
            RawGguf.header(2, 0).tensor("a", 0, 0, 16).tensor("b", 0, 32, 8).align(32).zeros(64)),
        Arguments.of("tensors 'a' and 'b' overlap", RawGguf.header(2, 0).tensor("a", 0, 0, 8).tensor("b", 0, 0, 8).align(32).zeros(64)),
        Arguments.of("tensor 'a' occurs twice", RawGguf.header(2, 0).tensor("a", 0, 0, 8).tensor("a", 0, 32, 8).align(32).zeros(64)),
        Arguments.of("has 5 dimensions", RawGguf.header(1, 0).tensor("t", 0, 0, 1, 1, 1, 1, 1).align(32).zeros(32)),
        Arguments.of("has 0 dimensions", RawGguf.header(1, 0).tensor("t", 0, 0).align(32).zeros(32)),
        Arguments.of("dimension of 0", RawGguf.header(1, 0).tensor("t", 0, 0, 8, 0).align(32).zeros(32)),
        Arguments.of("dimension of 18446744073709551608", RawGguf.header(1, 0).tensor("t", 0, 0, -8).align(32).zeros(32)),
        Arguments.of("more elements than", RawGguf.header(1, 0).tensor("t", 0, 0, 1L << 32, 1L << 32).align(32).zeros(32)),
        Arguments.of("more bytes than", RawGguf.header(1, 0).tensor("t", 0, 0, 1L << 31, 1L << 31).align(32).zeros(32)),
        Arguments.of("no multiple of its block of 32", RawGguf.header(1, 0).tensor("t", 8, 0, 33).align(32).zeros(96)),
        Arguments.of("no multiple of its block of 256", RawGguf.header(1, 0).tensor("t", 12, 0, 128, 2).align(32).zeros(160)),
        Arguments.of("tensor 't' has the unknown type id 77", RawGguf.header(1, 0).tensor("t", 77, 0, 32).align(32).zeros(96)),
        Arguments.of("unknown type id 4294967295", RawGguf.header(1, 0).tensor("t", -1, 0, 32).align(32).zeros(96)));
  }

  @ParameterizedTest
  @MethodSource("damaged")
  void saysInOneLineWhatIsWrong(String cause, RawGguf raw) {
    Path file = raw.in(folder);
    assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(GgufException.class).hasMessageStartingWith(file + ": ")
        .hasMessageContaining(cause).message().doesNotContain("\n");
  }

  @Test
  void refusesWhatIsNoReadableFile() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.gguf"));
    assertThatThrownBy(() -> Gguf.open(empty)).isInstanceOf(GgufException.class).hasMessage(empty + ": the file is empty");
    assertThatThrownBy(() -> Gguf.open(folder)).isInstanceOf(GgufException.class).hasMessageContaining("is a directory");
    Path absent = folder.resolve("absent.gguf");
    assertThatThrownBy(() -> Gguf.open(absent)).isInstanceOf(GgufException.class).hasMessage(absent + ": no such file");
    Path device = Path.of("/dev/zero");
    assumeTrue(Files.exists(device));
    assertThatThrownBy(() -> Gguf.open(device)).isInstanceOf(GgufException.class).hasMessageContaining("no regular file");
  }

  @Test
  void refusesAFileWithoutPermission() throws IOException {
    Path file = RawGguf.header(0, 0).in(folder);
    assumeTrue(Files.getFileStore(file).supportsFileAttributeView("posix"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(file), "this user may read everything");
    assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(GgufException.class).hasMessageContaining("permission denied");
  }

  @Test
  void keepsTheMessageOnOneLineWhateverTheNames() {
    Path file = RawGguf.header(0, 1).key("evil\n\tkey\u2028" + "x".repeat(5000), 99).in(folder);
    assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(GgufException.class).message()
        .contains("evil\\u000a\\u0009key\\u2028x").doesNotContain("\n").hasSizeLessThan(400);
  }

  @Test
  void noticesTruncationAtEveryByte() throws IOException {
    byte[] whole = RawGguf.header(1, 3).key("k", RawGguf.UINT32).i32(1).array("s", RawGguf.STRING, 2).text("ab").text("c")
        .key("text", RawGguf.STRING).text("hello").tensor("t", 0, 0, 8).align(32).zeros(32).bytes();
    try (Gguf gguf = Gguf.open(RawGguf.write(folder.resolve("whole.gguf"), whole))) {
      assertThat(gguf.tensors()).hasSize(1);
    }
    for (int length = 0; length < whole.length; length++) {
      Path file = RawGguf.write(folder.resolve("cut" + length + ".gguf"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(GgufException.class).hasMessageContaining(file.getFileName().toString());
    }
  }

  @Test
  void boundsHeadersOfSparseFilesBeforeAllocating() throws IOException {
    Path file = folder.resolve("sparse.gguf");
    byte[] header = RawGguf.header(0, 1).key("k", RawGguf.STRING).i64(1L << 34).bytes();
    assertThatThrownBy(() -> Gguf.open(sparse(file, header))).isInstanceOf(GgufException.class).hasMessageContaining("more than the");
    byte[] strings = RawGguf.header(0, 1).array("k", RawGguf.STRING, 1L << 30).bytes();
    assertThatThrownBy(() -> Gguf.open(sparse(file, strings))).isInstanceOf(GgufException.class).hasMessageContaining("more than the");
    byte[] tensors = RawGguf.header(1L << 28, 0).bytes();
    assertThatThrownBy(() -> Gguf.open(sparse(file, tensors))).isInstanceOf(GgufException.class).hasMessageContaining("more than the");
    byte[] numbers = RawGguf.header(0, 2).array("k", RawGguf.FLOAT64, 1L << 24).bytes();
    assertThatThrownBy(() -> Gguf.open(sparse(file, numbers))).isInstanceOf(GgufException.class).hasMessageContaining("longer than");
  }

  private static Path sparse(Path file, byte[] header) throws IOException {
    Files.write(file, header);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[1]), 1L << 35);
    }
    return file;
  }
}
