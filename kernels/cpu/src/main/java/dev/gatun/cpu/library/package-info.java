/** Matmul by kernels in C: the library that holds them, found, unpacked once and loaded. */
package dev.gatun.cpu.library;
