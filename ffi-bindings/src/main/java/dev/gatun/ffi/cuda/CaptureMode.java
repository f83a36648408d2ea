package dev.gatun.ffi.cuda;

/** Which calls, that could disturb a capture, are errors while it goes on; numbered as {@code CUstreamCaptureMode}. */
public enum CaptureMode {
  /** Those of every thread. */
  GLOBAL,
  /** Those of the capturing thread. */
  THREAD_LOCAL,
  /** None. */
  RELAXED
}
