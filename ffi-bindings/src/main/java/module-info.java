/** The CUDA driver API over the Foreign Function and Memory API: pointers and handles, no tensors. */
module dev.gatun.ffi {
  exports dev.gatun.ffi.cuda;
}
