/** The CUDA backend, on a device and on the emulator. */
module dev.gatun.cuda {
  requires dev.gatun;
  requires dev.gatun.ffi;

  provides dev.gatun.spi.BackendProvider with
      dev.gatun.cuda.CudaProvider,
      dev.gatun.cuda.EmulatedProvider;
}
