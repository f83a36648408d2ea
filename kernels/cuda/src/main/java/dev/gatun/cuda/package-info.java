/** The CUDA backend, on a device and on the emulator. */
package dev.gatun.cuda;
