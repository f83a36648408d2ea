package dev.gatun.decoder.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufException;
import dev.gatun.decoder.gguf.WriteProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeededCacheTest {
  private static final ModelShape TEST = ModelShape.of("test").orElseThrow();

  @TempDir Path folder;

  @Test
  void makesAFileOnceAndReportsProgress() {
    SeededCache cache = new SeededCache(folder.resolve("not").resolve("there"));
    List<Long> done = new ArrayList<>();
    List<Long> totals = new ArrayList<>();
    Path file = cache.get(TEST, WeightMix.of(DType.Q8_0), 1, (bytes, total) -> {
      done.add(bytes);
      totals.add(total);
    });
    assertThat(done).isSorted().last().isEqualTo(file.toFile().length());
    assertThat(totals).containsOnly(file.toFile().length());
    assertThat(cache.get(TEST, WeightMix.of(DType.Q8_0), 1, SeededCacheTest::neverCalled)).isEqualTo(file);
    assertThat(cache.get(TEST, WeightMix.of(DType.Q4_0), 1, WriteProgress.NONE)).isNotEqualTo(file);
  }

  private static void neverCalled(long done, long total) {
    throw new AssertionError("written again");
  }

  @Test
  void replacesWhatIsDamagedOrOfAnotherSeedAndRemovesLeftovers() throws IOException {
    SeededCache cache = new SeededCache(folder);
    Path file = cache.get(TEST, WeightMix.of(DType.Q8_0), 1, WriteProgress.NONE);
    byte[] good = Files.readAllBytes(file);
    Path leftover = Files.writeString(folder.resolve("." + file.getFileName() + ".0.part"), "half a model");
    for (byte[] bad : List.of(new byte[0], Arrays.copyOf(good, good.length - 32), Arrays.copyOf(good, good.length + 1), new byte[100])) {
      Files.write(file, bad);
      cache.get(TEST, WeightMix.of(DType.Q8_0), 1, WriteProgress.NONE);
      assertThat(Files.readAllBytes(file)).isEqualTo(good);
    }
    assertThat(leftover).doesNotExist();
    cache.get(TEST, WeightMix.of(DType.Q8_0), 2, WriteProgress.NONE);
    assertThat(Files.readAllBytes(file)).isNotEqualTo(good);
    try (Gguf gguf = Gguf.open(file)) {
      assertThat(gguf.metadata().integer(SeededModel.SEED_KEY)).hasValue(2);
    }
  }

  @Test
  void threadsThatAskAtOnceGetOneFile() throws Exception {
    SeededCache cache = new SeededCache(folder);
    AtomicInteger writes = new AtomicInteger();
    List<Future<Path>> asked = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
      for (int i = 0; i < 6; i++) {
        asked.add(pool.submit(() -> cache.get(TEST, WeightMix.of(DType.F16), 1, (done, total) -> {
          if (done == total) {
            writes.incrementAndGet();
          }
        })));
      }
    }
    for (Future<Path> path : asked) {
      Gguf.open(path.get()).close();
    }
    assertThat(writes).hasValue(1);
  }

  @Test
  void namesThePropertyWhenTheFolderCannotBeUsed() throws IOException {
    Path occupied = Files.createFile(folder.resolve("occupied"));
    assertThatThrownBy(() -> new SeededCache(occupied).get(TEST, WeightMix.of(DType.F16), 1, WriteProgress.NONE)).isInstanceOf(GgufException.class)
        .hasMessageContaining("GATUN_JVM_ARGS=-Dgatun.cache=DIR").hasMessageContaining("XDG_CACHE_HOME=DIR").message().doesNotContain("\n");
  }

  @Test
  void theFolderIsWhereEachSystemKeepsCaches() {
    assertThat(cacheFolder("Linux", "", Map.of())).isEqualTo(Path.of("/home/u/.cache/gatun"));
    assertThat(cacheFolder("Linux", "", Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/fast/gatun"));
    assertThat(cacheFolder("Linux", "", Map.of("XDG_CACHE_HOME", "relative"))).isEqualTo(Path.of("/home/u/.cache/gatun"));
    assertThat(cacheFolder("Mac OS X", "", Map.of())).isEqualTo(Path.of("/home/u/Library/Caches/gatun"));
    assertThat(cacheFolder("Mac OS X", "", Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/fast/gatun"));
    assertThat(cacheFolder("Windows 11", "", Map.of("LOCALAPPDATA", "/appdata"))).isEqualTo(Path.of("/appdata/gatun"));
    assertThat(cacheFolder("Windows 11", "", Map.of())).isEqualTo(Path.of("/home/u/AppData/Local/gatun"));
    assertThat(cacheFolder("Linux", "/mine", Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/mine"));
  }

  @Test
  void userWithoutAHomeGetsATemporaryFolder() {
    for (String home : new String[] {"?", ""}) {
      Properties properties = new Properties();
      properties.setProperty("user.home", home);
      properties.setProperty("java.io.tmpdir", "/scratch");
      assertThat(CacheFolder.of(properties, Map.of())).isEqualTo(Path.of("/scratch/gatun-cache"));
      assertThat(CacheFolder.of(properties, Map.of("XDG_CACHE_HOME", "/fast"))).isEqualTo(Path.of("/fast/gatun"));
    }
  }

  private static Path cacheFolder(String os, String property, Map<String, String> environment) {
    Properties properties = new Properties();
    properties.setProperty("os.name", os);
    properties.setProperty("user.home", "/home/u");
    properties.setProperty("gatun.cache", property);
    return CacheFolder.of(properties, environment);
  }
}
