package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finding and unpacking, with bytes that stand for a library. */
class LibraryFileTest {
  private static final byte[] BYTES = "machine code".getBytes(StandardCharsets.UTF_8);
  private static final String PLATFORM = "linux-x86_64";

  @TempDir
  Path folder;

  private Path cache;
  private Path jar;

  @BeforeEach
  void fillJar() throws IOException {
    cache = folder.resolve("cache");
    jar = folder.resolve("jar").resolve(LibraryResource.FOLDER);
    Files.createDirectories(jar.resolve(PLATFORM));
    Files.write(jar.resolve(PLATFORM).resolve(LibraryResource.FILE), BYTES);
    Files.writeString(jar.resolve(PLATFORM).resolve("libgatun_cpu.properties"), "sha256=" + LibraryFile.sha256(BYTES) + "\ncompiler=gcc 12.2.0\n");
  }

  private LibraryResource resource() throws NotLoaded {
    return LibraryResource.find(this::url, PLATFORM);
  }

  private Optional<URL> url(String name) {
    try {
      Path file = folder.resolve("jar").resolve(name);
      return Files.exists(file) ? Optional.of(file.toUri().toURL()) : Optional.empty();
    } catch (MalformedURLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aLibraryIsUnpackedOnceUnderItsHash() throws Exception {
    Path file = LibraryFile.of(resource(), cache);
    assertThat(file).isEqualTo(cache.resolve("cpu").resolve(LibraryFile.sha256(BYTES)).resolve(LibraryResource.FILE)).hasBinaryContent(BYTES);
    FileTime longAgo = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(file, longAgo);
    // What is there needs no jar to be opened for it.
    Files.delete(jar.resolve(PLATFORM).resolve(LibraryResource.FILE));
    assertThat(LibraryFile.of(resource(), cache)).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);
    try (Stream<Path> all = Files.list(file.getParent())) {
      assertThat(all).containsExactly(file);
    }
  }

  @Test
  void aFileThatIsNotTheLibraryIsReplaced() throws Exception {
    Path file = LibraryFile.of(resource(), cache);
    for (String wrong : List.of("", "machine c0de", "machine code and more")) {
      Files.writeString(file, wrong);
      assertThat(LibraryFile.of(resource(), cache)).isEqualTo(file).hasBinaryContent(BYTES);
    }
  }

  @Test
  void severalThatUnpackAtOnceAllGetTheWholeLibrary() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Callable<byte[]>> tasks = new ArrayList<>();
      IntStream.range(0, 64).forEach(i -> tasks.add(() -> Files.readAllBytes(LibraryFile.of(resource(), cache.resolve(String.valueOf(i / 8))))));
      for (Future<byte[]> each : pool.invokeAll(tasks)) {
        assertThat(each.get()).isEqualTo(BYTES);
      }
    }
  }

  @Test
  void aTemporaryFileServesWhereTheCacheCannotBeWritten() throws Exception {
    Path noFolder = Files.createFile(folder.resolve("file"));
    Path file = LibraryFile.of(resource(), noFolder.resolve("cache"));
    assertThat(file).hasBinaryContent(BYTES);
    assertThat(file.startsWith(noFolder)).isFalse();
    Files.delete(file);
    Files.delete(file.getParent());
  }

  @Test
  void aFolderInTheLibrarysPlaceIsGoneRound() throws Exception {
    Path place = cache.resolve("cpu").resolve(LibraryFile.sha256(BYTES)).resolve(LibraryResource.FILE);
    Files.createDirectories(place.resolve("inside"));
    Path file = LibraryFile.of(resource(), cache);
    assertThat(file).isNotEqualTo(place).hasBinaryContent(BYTES);
    Files.delete(file);
    Files.delete(file.getParent());
  }

  @Test
  void aJarWhoseLibraryIsAnotherIsRefused() throws Exception {
    Files.writeString(jar.resolve(PLATFORM).resolve(LibraryResource.FILE), "other code");
    assertThatThrownBy(() -> LibraryFile.of(resource(), cache)).isInstanceOf(NotLoaded.class).hasMessageContaining("is not the library that its properties tell of");
    assertThat(cache).doesNotExist();
    Files.delete(jar.resolve(PLATFORM).resolve(LibraryResource.FILE));
    assertThatThrownBy(() -> LibraryFile.of(resource(), cache)).isInstanceOf(NotLoaded.class).hasMessageContaining("is missing");
  }

  @Test
  void whatIsMissingIsToldWithWhatToDo() throws Exception {
    assertThatThrownBy(() -> LibraryResource.find(this::url, "plan9-mips")).isInstanceOf(NotLoaded.class).hasMessageContaining("for plan9-mips")
        .hasMessageContaining("dev.gatun:gatun-cpu-native").hasMessageContaining("--add-modules dev.gatun.cpu.kernels");
    Files.writeString(jar.resolve("reason"), "no C compiler\n");
    assertThatThrownBy(this::resource).isInstanceOf(NotLoaded.class).hasMessageContaining("built without C kernels: no C compiler");
  }

  @Test
  void theCacheIsWhereTheUserWantsIt() {
    Properties properties = new Properties();
    properties.setProperty("user.home", "/home/u");
    assertThat(LibraryFile.cache(properties, Map.of())).isEqualTo(Path.of("/home/u/.cache/gatun"));
    assertThat(LibraryFile.cache(properties, Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/fast/gatun"));
    assertThat(LibraryFile.cache(properties, Map.of("XDG_CACHE_HOME", "relative"))).isEqualTo(Path.of("/home/u/.cache/gatun"));
    properties.setProperty("gatun.cache", "/mine");
    assertThat(LibraryFile.cache(properties, Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/mine"));
    Properties homeless = new Properties();
    homeless.setProperty("user.home", "?");
    homeless.setProperty("java.io.tmpdir", "/t");
    assertThat(LibraryFile.cache(homeless, Map.of())).isEqualTo(Path.of("/t/gatun-cache"));
  }
}
