package uk.ac.manchester.tornado.api.enums;

/** What kind of hardware a device is. */
public enum TornadoDeviceType {
  /** Not known. */
  UNKNOWN,
  /** Whatever the platform takes by default. */
  DEFAULT,
  /** A processor. */
  CPU,
  /** A graphics card. */
  GPU,
  /** A gate array. */
  FPGA,
  /** Another accelerator. */
  ACCELERATOR,
  /** A custom device. */
  CUSTOM,
  /** Any kind. */
  ALL
}
