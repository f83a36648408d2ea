/** Kernels in the Java that TornadoVM's compilers take, and how they are launched. */
package dev.gatun.tornado.kernel;
