package dev.gatun.decoder.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** One write of a file: threads take chunks of tensors in turn, fill them and write each to its place. */
final class GgufOutput {
  private static final long CHUNK_BYTES = 4 << 20;

  private final Path file;
  private final byte[] header;
  private final List<PlannedTensor> tensors;
  private final long totalBytes;
  private final WriteProgress progress;
  private long doneBytes;
  private int nextTensor;
  private long nextOffset;
  private volatile boolean failed;

  GgufOutput(Path file, byte[] header, List<PlannedTensor> tensors, long dataBytes, WriteProgress progress) {
    this.file = file;
    this.header = header;
    this.tensors = List.copyOf(tensors);
    this.totalBytes = header.length + dataBytes;
    this.progress = progress;
  }

  private record Chunk(PlannedTensor tensor, long offset, long bytes) {}

  void write(int threads) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || file.getFileName() == null || Files.isDirectory(file)) {
      throw new GgufException(file, "can't be written: it is a folder");
    }
    Path partial = folder.resolve(partialPrefix(file) + UUID.randomUUID() + ".part");
    try {
      requireSpace(folder);
      try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeAll(channel, threads);
      }
      publish(partial);
    } catch (IOException e) {
      throw new GgufException(file, "can't be written: " + e.getClass().getSimpleName() + " " + e.getMessage(), e);
    } finally {
      discard(partial);
    }
  }

  /** What the names of unfinished forms of {@code file} start with. */
  static String partialPrefix(Path file) {
    return "." + file.getFileName() + ".";
  }

  private void requireSpace(Path folder) throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < totalBytes) {
      throw new GgufException(file, String.format(Locale.ROOT, "needs %.1f MB, but only %.1f MB are free in %s", totalBytes / 1e6,
          free / 1e6, folder));
    }
  }

  private void writeAll(FileChannel channel, int threads) throws IOException {
    put(channel, ByteBuffer.wrap(header), 0);
    report(header.length);
    long chunkBytes = tensors.stream().mapToLong(tensor -> Math.min(rowsPerChunk(tensor) * tensor.rowBytes(), tensor.bytes())).max()
        .orElse(0);
    if (threads == 1) {
      work(channel, chunkBytes);
    } else if (chunkBytes > 0) {
      share(channel, chunkBytes, threads);
    }
    if (channel.size() < totalBytes) {
      put(channel, ByteBuffer.wrap(new byte[1]), totalBytes - 1);
    }
    if (doneBytes < totalBytes) {
      report(totalBytes - doneBytes);
    }
  }

  private void share(FileChannel channel, long chunkBytes, int threads) throws IOException {
    Callable<Void> worker = () -> {
      try {
        work(channel, chunkBytes);
      } catch (Throwable t) {
        failed = true;
        throw t;
      }
      return null;
    };
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Void>> workers = pool.invokeAll(Stream.generate(() -> worker).limit(threads).toList());
      for (Future<Void> done : workers) {
        done.get();
      }
    } catch (InterruptedException e) {
      failed = true;
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw cause;
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IOException(e.getCause());
      }
    }
  }

  private void work(FileChannel channel, long chunkBytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(chunkBytes, 64);
      for (Chunk chunk = next(); chunk != null && !failed; chunk = next()) {
        MemorySegment filled = buffer.asSlice(0, chunk.bytes());
        chunk.tensor().source().fill(chunk.offset(), filled);
        put(channel, filled.asByteBuffer(), header.length + chunk.tensor().offset() + chunk.offset());
        report(chunk.bytes());
      }
    }
  }

  private synchronized Chunk next() {
    if (nextTensor == tensors.size()) {
      return null;
    }
    PlannedTensor tensor = tensors.get(nextTensor);
    long bytes = Math.min(rowsPerChunk(tensor) * tensor.rowBytes(), tensor.bytes() - nextOffset);
    Chunk chunk = new Chunk(tensor, nextOffset, bytes);
    nextOffset += bytes;
    if (nextOffset == tensor.bytes()) {
      nextTensor++;
      nextOffset = 0;
    }
    return chunk;
  }

  private static long rowsPerChunk(PlannedTensor tensor) {
    return Math.max(1, CHUNK_BYTES / tensor.rowBytes());
  }

  private static void put(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  private synchronized void report(long bytes) {
    doneBytes += bytes;
    progress.written(doneBytes, totalBytes);
  }

  private void publish(Path partial) throws IOException {
    try {
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void discard(Path partial) {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      System.getLogger(GgufWriter.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + partial, e);
    }
  }
}
