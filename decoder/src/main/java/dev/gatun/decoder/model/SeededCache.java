package dev.gatun.decoder.model;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufException;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.decoder.gguf.WriteProgress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** Seeded models in a folder, each made once however many threads and processes ask for it. */
final class SeededCache {
  /** File locks hold between processes only; within this one threads queue here. */
  private static final Map<Path, Lock> LOCKS = new ConcurrentHashMap<>();

  private final Path folder;

  SeededCache(Path folder) {
    this.folder = folder.toAbsolutePath();
  }

  Path get(ModelShape shape, WeightMix mix, long seed, WriteProgress progress) {
    Path file = folder.resolve(shape.name() + "-" + mix.label() + ".gguf");
    if (isComplete(file, shape, mix, seed)) {
      return file;
    }
    Lock threads = LOCKS.computeIfAbsent(file, path -> new ReentrantLock());
    threads.lock();
    try {
      Files.createDirectories(folder);
      try (FileChannel lockFile = FileChannel.open(folder.resolve(file.getFileName() + ".lock"), StandardOpenOption.CREATE,
          StandardOpenOption.WRITE); FileLock processes = lockFile.lock()) {
        if (processes.isValid() && !isComplete(file, shape, mix, seed)) {
          removeAbandoned(file);
          SeededModel.write(file, shape, mix, seed, progress);
        }
      }
      return file;
    } catch (IOException e) {
      throw new GgufException(file, "can't be made in the cache folder (" + e.getClass().getSimpleName() + " " + e.getMessage()
          + "); " + CacheFolder.ADVICE, e);
    } catch (GgufException e) {
      throw new GgufException(file, withoutFile(e.getMessage(), file) + "; " + CacheFolder.ADVICE, e);
    } finally {
      threads.unlock();
    }
  }

  private static String withoutFile(String message, Path file) {
    String prefix = file + ": ";
    return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
  }

  private static boolean isComplete(Path file, ModelShape shape, WeightMix mix, long seed) {
    if (!Files.exists(file)) {
      return false;
    }
    try (Gguf found = Gguf.open(file)) {
      Metadata metadata = found.metadata();
      return metadata.integer(SeededModel.VERSION_KEY).orElse(-1) == SeededModel.VERSION
          && metadata.integer(SeededModel.SEED_KEY).orElse(~seed) == seed
          && metadata.string(SeededModel.SHAPE_KEY).orElse("").equals(shape.name())
          && metadata.string(SeededModel.TYPE_KEY).orElse("").equals(mix.label())
          && metadata.integer(SeededModel.BYTES_KEY).orElse(-1) == found.fileBytes();
    } catch (GgufException e) {
      return false;
    }
  }

  /** Removes what a killed process left of this file; with the lock held nobody is writing it. */
  private static void removeAbandoned(Path file) throws IOException {
    try (DirectoryStream<Path> partial = Files.newDirectoryStream(file.getParent(),
        path -> path.getFileName().toString().startsWith("." + file.getFileName() + ".")
            && path.getFileName().toString().endsWith(".part"))) {
      for (Path path : partial) {
        Files.deleteIfExists(path);
      }
    }
  }
}
