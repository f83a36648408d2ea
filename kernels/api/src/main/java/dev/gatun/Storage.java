package dev.gatun;

/** Where a tensor's bytes live: in a {@link Buffer}, in a {@link Temporary} of a program, or nowhere ({@link Nowhere}, in a {@link Case}). */
public sealed interface Storage permits Buffer, Storage.Temporary, Storage.Nowhere {
  /** The bytes there are. */
  long bytes();

  /**
   * Memory of a {@link Program} that has no address until the program is compiled; a backend may elide, alias or re-type it. Its contents are
   * undefined before the first write of each submission.
   */
  final class Temporary implements Storage {
    private final String name;
    private final long bytes;

    Temporary(String name, long bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    /** The name given when it was declared, for messages and {@link Executable#explain()}. */
    public String name() {
      return name;
    }

    @Override
    public long bytes() {
      return bytes;
    }
  }

  /** The storage of a tensor in a {@link Case}: only its size is known. */
  record Nowhere(long bytes) implements Storage {}
}
