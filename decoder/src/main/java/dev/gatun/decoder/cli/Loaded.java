package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;

/**
 * A model ready to decode on a backend, owned; the model itself belongs to the caller.
 *
 * @param nanos what opening the backend and making the weights ready took
 */
record Loaded(Backend backend, Decoder decoder, long nanos) implements AutoCloseable {
  static Loaded of(Terminal terminal, Model model, BackendChoice choice, DecoderOptions options) {
    return Progress.during(terminal, "loading " + model.gguf().file().getFileName(), () -> {
      long started = System.nanoTime();
      Backend backend = choice.open();
      try {
        checkMemory(backend, model, options);
        return new Loaded(backend, new Decoder(backend, model, options), System.nanoTime() - started);
      } catch (RuntimeException | Error e) {
        backend.close();
        throw e;
      }
    });
  }

  /** A system that promises more memory than it has would end the process while the cache is made. */
  private static void checkMemory(Backend backend, Model model, DecoderOptions options) {
    Dimensions d = model.dimensions();
    double perToken = (double) d.layers() * d.kvHeads() * ((double) d.keySize() + d.valueSize()) * options.cacheType().blockBytes()
        / options.cacheType().blockSize();
    double bytes = perToken * options.context() * options.sequences();
    long memory = backend.device().memoryBytes();
    if (memory > 0 && bytes > memory) {
      throw new ModelException(model.gguf().file(), "keys and values of a context of " + options.context() + " tokens take "
          + Units.bytes((long) bytes) + ", more than the " + Units.bytes(memory) + " of " + backend.device().name()
          + "; give a smaller --context");
    }
  }

  @Override
  public void close() {
    decoder.close();
    backend.close();
  }
}
