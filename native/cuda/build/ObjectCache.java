import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Compiled objects under the hash of all that they were made from. An entry is a folder that appears complete or not at all, by a rename,
 * so builds may share a cache without locks. An entry is the object, what the compiler said, and the object's hash, which a reader
 * compares.
 */
final class ObjectCache {
  private static final Duration UNUSED = Duration.ofDays(30);

  private final Path folder;

  ObjectCache(Path folder) {
    this.folder = folder;
  }

  /** An object: its file in the cache, what the compiler said, and whether it was there already. */
  record Entry(Path file, String log, boolean cached) {}

  /** Makes an object and returns what the compiler said. */
  interface Compilation {
    String into(Path file);
  }

  /** The object under a key, made now if it isn't there. */
  Entry get(String key, Compilation compilation) {
    Path entry = folder.resolve(key.substring(0, 2), key.substring(2));
    try {
      Optional<Entry> there = read(entry);
      if (there.isPresent()) {
        return there.get();
      }
      Files.createDirectories(entry.getParent());
      Path fresh = Files.createTempDirectory(folder, "new-");
      try {
        String log = compilation.into(fresh.resolve("object"));
        Files.writeString(fresh.resolve("log"), log);
        Files.writeString(fresh.resolve("sha256"), Digest.of(fresh.resolve("object")));
        publish(fresh, entry);
        return new Entry(entry.resolve("object"), log, false);
      } finally {
        delete(fresh);
      }
    } catch (IOException e) {
      throw new BuildFailure("the object cache " + folder + " does not work (another folder: -Dgatun.cache)", e);
    }
  }

  /** Deletes what no build has used for a month. */
  void prune() {
    Instant limit = Instant.now().minus(UNUSED);
    try (Stream<Path> files = Files.isDirectory(folder) ? Files.find(folder, 2, (file, facts) -> facts.isDirectory()) : Stream.of()) {
      List<Path> entries = files.filter(file -> Files.exists(file.resolve("object")) || file.getFileName().toString().startsWith("new-"))
          .toList();
      for (Path entry : entries) {
        if (Files.getLastModifiedTime(entry).toInstant().isBefore(limit)) {
          delete(entry);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // Another build may be deleting the same; what is left is found the next time.
      return;
    }
  }

  private static Optional<Entry> read(Path entry) throws IOException {
    Path object = entry.resolve("object");
    if (!Files.exists(object)) {
      delete(entry);
      return Optional.empty();
    }
    try {
      if (!Files.readString(entry.resolve("sha256")).equals(Digest.of(object))) {
        delete(entry);
        return Optional.empty();
      }
      Files.setLastModifiedTime(entry, FileTime.from(Instant.now()));
      return Optional.of(new Entry(object, new String(Files.readAllBytes(entry.resolve("log")), StandardCharsets.UTF_8), true));
    } catch (FileSystemException e) {
      delete(entry);
      return Optional.empty();
    }
  }

  private static void publish(Path fresh, Path entry) throws IOException {
    try {
      Files.move(fresh, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Another build made the same object at the same time; one is as good as the other.
      if (!Files.exists(entry.resolve("object"))) {
        throw e;
      }
    }
  }

  private static void delete(Path entry) throws IOException {
    if (!Files.exists(entry)) {
      return;
    }
    try (Stream<Path> files = Files.walk(entry)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
