package dev.gatun.cuda;

import java.util.List;

/** Gives several things back, each whatever became of the others. */
final class Release {
  private Release() {}

  /** Does all of it, in order. Throws the first failure, which carries the others. */
  static void all(List<Runnable> ends) {
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

  /** Does all of it because of a failure, which stays the one to be thrown and carries those met here. */
  static void after(Throwable cause, List<Runnable> ends) {
    try {
      all(ends);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
