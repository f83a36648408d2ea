package dev.gatun.tck.lab;

/** Something that a case checks does not hold. */
public final class CheckException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String check;

  /**
   * With what was checked and what was found instead.
   *
   * @param check a short standing name, for example {@code guards}
   */
  public CheckException(String check, String message) {
    super(message);
    this.check = check;
  }

  /** The name of the check. */
  public String check() {
    return check;
  }
}
