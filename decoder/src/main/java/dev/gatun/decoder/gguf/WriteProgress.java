package dev.gatun.decoder.gguf;

/** Hears how far a file is written. */
@FunctionalInterface
public interface WriteProgress {
  /** Hears nothing. */
  WriteProgress NONE = (done, total) -> {};

  /**
   * Called after each chunk, one call at a time, with growing {@code done}. An exception from here stops the write and removes what was
   * written: that is how to cancel it.
   *
   * @param done bytes written so far
   * @param total bytes of the whole file
   */
  void written(long done, long total);
}
