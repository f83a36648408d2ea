package dev.gatun.c;

/** The example backend of {@code src/test/c/example}: all the Java that a vendor writes. */
public final class ExampleProvider extends CBackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ExampleProvider() {
    super("example", "the example backend in C", "example_gatun");
  }
}
