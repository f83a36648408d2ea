package dev.gatun.tornado;

import dev.gatun.DeviceException;

/** TornadoVM's failures in the project's words. */
final class Failures {
  private Failures() {}

  /** A failure of {@code what}, with TornadoVM's own message and what to do, if there is anything. */
  static DeviceException of(String what, String advice, Throwable cause) {
    String then = advice.isEmpty() ? "" : "; " + advice;
    DeviceException failure = new DeviceException("tornado: " + what + ": " + message(cause) + then, cause.getClass().getSimpleName(), false);
    failure.initCause(cause);
    return failure;
  }

  private static String message(Throwable cause) {
    String message = cause.getMessage();
    return message == null || message.isBlank() ? cause.getClass().getSimpleName() : message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
