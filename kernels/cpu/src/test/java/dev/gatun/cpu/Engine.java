package dev.gatun.cpu;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.Stream;

/** One way to run the CPU backend, with a stream on it. */
record Engine(String label, Backend backend, Stream stream) implements AutoCloseable {
  static Engine open(String label, BackendOptions options) {
    Backend backend = Gatun.open("cpu", options);
    return new Engine(label, backend, backend.newStream());
  }

  @Override
  public void close() {
    stream.close();
    backend.close();
  }

  @Override
  public String toString() {
    return label;
  }
}
