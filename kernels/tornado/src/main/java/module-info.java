/** The backend on TornadoVM: kernels in Java that its compilers bring to OpenCL, SPIR-V, Metal and CUDA devices. */
module dev.gatun.tornado {
  requires transitive dev.gatun;
  requires static tornado.api;

  exports dev.gatun.tornado;

  // TornadoVM finds a kernel's method by reflection.
  opens dev.gatun.tornado.kernel;

  provides dev.gatun.spi.BackendProvider with dev.gatun.tornado.TornadoProvider, dev.gatun.tornado.EmulatedTornadoProvider;
}
