package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import java.util.function.Supplier;

/**
 * A model ready to decode on a backend, owned; the model itself belongs to the caller.
 *
 * @param nanos what opening the backend and making the weights ready took
 */
record Loaded(Backend backend, Decoder decoder, long nanos) implements AutoCloseable {
  static Loaded of(Terminal terminal, Model model, BackendChoice choice, DecoderOptions options) {
    return of(terminal, model, choice::open, options);
  }

  /** As {@link #of(Terminal, Model, BackendChoice, DecoderOptions)}, on what {@code open} gives. */
  static Loaded of(Terminal terminal, Model model, Supplier<Backend> open, DecoderOptions options) {
    return Progress.during(terminal, "loading " + model.gguf().file().getFileName(), () -> {
      long started = System.nanoTime();
      Backend backend = open.get();
      try {
        return new Loaded(backend, new Decoder(backend, model, options), System.nanoTime() - started);
      } catch (RuntimeException | Error e) {
        backend.close();
        throw e;
      }
    });
  }

  @Override
  public void close() {
    decoder.close();
    backend.close();
  }
}
