package dev.gatun;

/**
 * A device failed: out of memory, a failed launch, a lost device. The message carries the call, the error's name, the device and the operator's
 * case. After a {@link #isSticky() sticky} error the backend is poisoned: every later call throws, and only a new process is promised to work.
 */
public final class DeviceException extends GatunException {
  private static final long serialVersionUID = 1L;

  private final String errorName;
  private final boolean sticky;

  /** A failure named {@code errorName} by the device's own interface; {@code message} is complete. */
  public DeviceException(String message, String errorName, boolean sticky) {
    super(message);
    this.errorName = errorName;
    this.sticky = sticky;
  }

  /** The error's name in the device's own interface, for example {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  public String errorName() {
    return errorName;
  }

  /** Whether the device is lost to this process. */
  public boolean isSticky() {
    return sticky;
  }
}
