package uk.ac.manchester.tornado.api.enums;

/** What a device is driven through. */
public enum TornadoVMBackendType {
  /** OpenCL C. */
  OPENCL,
  /** Metal. */
  METAL,
  /** PTX through the CUDA driver. */
  PTX,
  /** CUDA C. */
  CUDA,
  /** SPIR-V through OpenCL or Level Zero. */
  SPIRV,
  /** Sequential Java; the emulated device is one of these. */
  JAVA,
  /** A device that exists only on paper. */
  VIRTUAL
}
