/**
 * A complete backend, as simple as one can be, to read before writing one: a device with memory, streams and kernels of its own, played by
 * plain Java. Start at {@link dev.gatun.tck.example.ExampleProvider}. Its {@link dev.gatun.tck.example.Defect defects} are what the suite
 * must catch.
 */
package dev.gatun.tck.example;
