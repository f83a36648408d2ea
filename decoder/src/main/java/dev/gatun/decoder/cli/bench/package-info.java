/** Kernels one by one on the sizes of real models: answers checked, times measured. */
package dev.gatun.decoder.cli.bench;
