package dev.gatun.c;

/** Gives several things back, each whatever became of the others. */
final class Release {
  private Release() {}

  /** Does all of it, in order, and throws the first failure, which carries the others. */
  static void all(Runnable... ends) {
    RuntimeException first = null;
    for (Runnable end : ends) {
      try {
        end.run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Does all of it because of a failure, which carries those met here. */
  static void after(Throwable cause, Runnable... ends) {
    try {
      all(ends);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
