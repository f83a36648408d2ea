/**
 * The CUDA driver API over {@code java.lang.foreign}. {@link dev.gatun.ffi.cuda.Cuda#load()} finds the driver's library; its devices give a
 * {@link dev.gatun.ffi.cuda.Context}, and that makes everything else. Names and numbers follow {@code cuda.h} of CUDA 13.
 *
 * <p>Handles are closed by who made them. A closed handle throws {@link java.lang.IllegalStateException}; closing twice does nothing. A
 * failing driver call throws {@link dev.gatun.ffi.cuda.CudaException}. Calls run on the calling platform thread with the context bound to
 * it; those of a virtual thread are handed to one platform thread of the context, since the driver's notion of the current context belongs
 * to platform threads.
 */
package dev.gatun.ffi.cuda;
