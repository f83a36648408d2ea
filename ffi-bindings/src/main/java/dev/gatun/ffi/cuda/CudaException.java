package dev.gatun.ffi.cuda;

import java.util.Set;

/** A driver call that failed: which one, with what error, on which device, and what to do about it where that is known. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * The errors of {@code cuda.h} which say that the process has to be restarted, and uncorrectable memory and link errors, after which no
   * result can be trusted.
   */
  private static final Set<Integer> STICKY = Set.of(214, 220, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911);

  private final String call;
  private final int code;
  private final String errorName;
  private final String errorText;
  private final String device;

  /**
   * An error as the driver reports it.
   *
   * @param call the function of the driver API, as {@code cuMemAlloc_v2}
   * @param code the {@code CUresult}
   * @param errorName its name, as {@code CUDA_ERROR_OUT_OF_MEMORY}
   * @param errorText what the driver says about it
   * @param device the device, or the library when no device is concerned
   * @param detail what was asked for, or a compiler's log; may be empty
   */
  public CudaException(String call, int code, String errorName, String errorText, String device, String detail) {
    super(message(call, code, errorName, errorText, device, detail));
    this.call = call;
    this.code = code;
    this.errorName = errorName;
    this.errorText = errorText;
    this.device = device;
  }

  /** The driver function that failed, as {@code cuMemAlloc_v2}. */
  public String call() {
    return call;
  }

  /** The {@code CUresult}. */
  public int code() {
    return code;
  }

  /** The error's name, as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  public String errorName() {
    return errorName;
  }

  /** What the driver says about the error. */
  public String errorText() {
    return errorText;
  }

  /** The device, or the library when no device is concerned. */
  public String device() {
    return device;
  }

  /** Whether every later call in this process fails too, so that only a new process is promised to work. */
  public boolean isSticky() {
    return STICKY.contains(code);
  }

  private static String message(String call, int code, String errorName, String errorText, String device, String detail) {
    StringBuilder message = new StringBuilder(call).append(": ").append(errorName).append(" (").append(code).append(')');
    if (!errorText.isEmpty() && !errorText.equals(errorName)) {
      message.append(", ").append(errorText);
    }
    message.append(", on ").append(device);
    if (!detail.isEmpty()) {
      message.append("; ").append(detail.strip());
    }
    String advice = advice(code);
    return advice.isEmpty() ? message.toString() : message.append(". ").append(advice).toString();
  }

  private static String advice(int code) {
    return switch (code) {
      case 2 -> "Free device memory, or ask for less of it.";
      case 34 -> "This is the toolkit's stub library; put the driver's own library first.";
      case 100 -> "No NVIDIA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES.";
      case 200, 300 -> "The module image is damaged or none; build it again.";
      case 209 -> "The image has no code for this device; build it for the device's architecture, or with PTX.";
      case 218, 222 -> "The driver cannot compile this PTX; a newer driver may.";
      case 221 -> "The driver's PTX compiler library is not installed.";
      case 400 -> "The handle is of another context or was destroyed.";
      case 701 -> "The block needs more registers or shared memory than a multiprocessor has; use fewer threads, or raise the function's"
          + " maximum of dynamic shared memory.";
      case 801 -> "The device or the driver does not support this.";
      case 802 -> "The system is still starting its GPUs; check the fabric manager.";
      case 803 -> "The driver's library and its kernel module differ in version; restart the machine or reinstall the driver.";
      case 804 -> "The forward compatibility package does not serve this device; use the driver's own library.";
      case 900, 901, 906 -> "This call is not allowed while a stream is captured.";
      case 912 -> "The cluster is larger than the device or the kernel allows.";
      case 999 -> "Check the system's log for the NVIDIA driver's messages.";
      default -> STICKY.contains(code) ? "This process cannot use the device any more; start a new one." : "";
    };
  }
}
