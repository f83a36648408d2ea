/** Kernels as Java sees them: the manifest that describes them, their parameters, their launches. */
package dev.gatun.cuda.kernel;
