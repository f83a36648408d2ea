package dev.gatun;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts what in flight uses a resource, until that is closed. Taking and letting go allocates nothing. Safe to share between threads. */
final class Holds {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final AtomicInteger users = new AtomicInteger();

  /** Takes one hold, paired with one {@link #release()}; false once closed. */
  boolean take() {
    return users.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
  }

  void release() {
    users.getAndUpdate(n -> n <= 0 ? n : n - 1);
  }

  boolean isClosed() {
    return users.get() < 0;
  }

  /** Closes if nothing is held. @return the holds there were: 0 if this call closed it, negative if it was closed before */
  int close() {
    return users.getAndUpdate(n -> n > 0 ? n : CLOSED);
  }
}
