package dev.gatun.spi;

/**
 * A case the backend does not serve.
 *
 * @param reason why, in words a user can act on; never empty
 */
public record Unsupported(String reason) implements Decision {
  /** Checks that there is a reason. */
  public Unsupported {
    if (reason.isBlank()) {
      throw new IllegalArgumentException("a refusal needs a reason");
    }
  }
}
