package dev.gatun.cpu.library;

/** Why there are no C kernels, in words that a user can act on. */
final class NotLoaded extends Exception {
  private static final long serialVersionUID = 1;

  NotLoaded(String reason) {
    super(reason);
  }
}
