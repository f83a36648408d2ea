package dev.gatun.c;

import dev.gatun.DeviceException;

/** The values of {@code gatun_status}. */
final class Status {
  static final int OK = 0;
  static final int UNSUPPORTED = 1;
  static final int OUT_OF_MEMORY = 3;

  private static final int DEVICE_LOST = 5;
  private static final String[] NAMES = {"GATUN_OK", "GATUN_UNSUPPORTED", "GATUN_INVALID_OPTION", "GATUN_OUT_OF_MEMORY", "GATUN_ERROR",
      "GATUN_DEVICE_LOST"};

  private Status() {}

  static String name(int status) {
    return status >= 0 && status < NAMES.length ? NAMES[status] : "status " + status + ", which gatun_backend.h does not have";
  }

  /** A failure; {@code what} says which call of which library failed. */
  static DeviceException failure(String what, int status, String message) {
    return new DeviceException(what + " with " + name(status) + (message.isEmpty() ? "; the library gave no message" : ": " + message),
        name(status), status == DEVICE_LOST);
  }

  /** A refusal's own words, or that there are none. */
  static String told(int status, String message) {
    String reason = message.isEmpty() ? "the library gave no reason" : message;
    return status == UNSUPPORTED ? reason : name(status) + ": " + reason;
  }
}
