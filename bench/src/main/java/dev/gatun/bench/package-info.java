/** The jar of benchmarks: how it is run, and what it says of a run. */
package dev.gatun.bench;
