/** The CPU backend: memory, threads, compilation of programs into steps. Nothing here is exported; users open it through {@link dev.gatun.Gatun}. */
package dev.gatun.cpu;
