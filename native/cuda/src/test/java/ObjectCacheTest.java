import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectCacheTest {
  private static final String KEY = "ab".repeat(32);

  @TempDir
  Path folder;

  private final AtomicInteger compilations = new AtomicInteger();
  private ObjectCache cache;

  @BeforeEach
  void open() {
    cache = new ObjectCache(folder.resolve("objects"));
  }

  @Test
  void compilesOnceAndKeepsWhatTheCompilerSaid() {
    ObjectCache.Entry first = get(KEY, "code");
    ObjectCache.Entry second = get(KEY, "other code");

    assertThat(compilations).hasValue(1);
    assertThat(first.cached()).isFalse();
    assertThat(second.cached()).isTrue();
    assertThat(second.log()).isEqualTo("log of code");
    assertThat(second.file()).hasContent("code");
  }

  @Test
  void anotherKeyIsAnotherObject() {
    get(KEY, "code");
    assertThat(get("cd".repeat(32), "other").file()).hasContent("other");
  }

  @Test
  void aDamagedObjectIsMadeAnew() throws IOException {
    Files.writeString(get(KEY, "code").file(), "c");
    assertThat(get(KEY, "code").file()).hasContent("code");
    assertThat(compilations).hasValue(2);
  }

  @Test
  void anEntryWithoutItsLogIsMadeAnew() throws IOException {
    Files.delete(get(KEY, "code").file().resolveSibling("log"));
    assertThat(get(KEY, "code").log()).isEqualTo("log of code");
    assertThat(compilations).hasValue(2);
  }

  @Test
  void aFailedCompilationLeavesNothing() throws IOException {
    assertThatThrownBy(() -> cache.get(KEY, file -> {
      write(file, "half");
      throw new BuildFailure("x.cu: error");
    })).isInstanceOf(BuildFailure.class).hasMessage("x.cu: error");
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile)).isEmpty();
    }
    assertThat(get(KEY, "code").cached()).isFalse();
  }

  @Test
  void buildsAtTheSameTimeAllGetAWholeObject() {
    List<Callable<String>> tasks = IntStream.range(0, 16).<Callable<String>>mapToObj(i -> () -> Files.readString(get(KEY, "code").file()))
        .toList();
    assertThat(Workers.all(tasks)).hasSize(16).containsOnly("code");
  }

  @Test
  void pruningTakesWhatWasNotUsedForAMonth() throws IOException {
    Path old = get(KEY, "code").file().getParent();
    Path used = get("cd".repeat(32), "other").file();
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(31))));
    cache.prune();
    assertThat(old).doesNotExist();
    assertThat(used).exists();
  }

  @Test
  void aCacheThatCannotBeWrittenSaysWhatToDo() throws IOException {
    Files.writeString(folder.resolve("objects"), "a file");
    assertThatThrownBy(() -> get(KEY, "code")).isInstanceOf(BuildFailure.class).hasMessageContaining("-Dgatun.cache");
  }

  private ObjectCache.Entry get(String key, String content) {
    return cache.get(key, file -> {
      compilations.incrementAndGet();
      write(file, content);
      return "log of " + content;
    });
  }

  private static void write(Path file, String content) {
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
