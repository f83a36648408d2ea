package dev.gatun.spi;

/** The version of this package. */
public final class Spi {
  /** Raised whenever an implementation made for the version before would no longer work. */
  public static final int VERSION = 1;

  private Spi() {}
}
