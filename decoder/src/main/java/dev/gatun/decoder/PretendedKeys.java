package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.Executable;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Seeded keys and values in a cache, the same for every layer and again after some hundred positions. */
final class PretendedKeys {
  private static final int CHUNK = 512;
  private static final long SEED = 20260101;

  private PretendedKeys() {}

  /** Fills positions that are reserved. */
  static void append(Backend backend, Stream stream, KvCache cache, int slot, int from, int tokens) {
    KvCache.Spec spec = cache.spec();
    int chunk = Math.min(CHUNK, tokens);
    List<Buffer> owned = new ArrayList<>();
    try {
      Tensor k = kept(owned, backend.tensor(random(1, chunk * spec.heads() * spec.keySize()), chunk, spec.heads(), spec.keySize()));
      Tensor v = spec.isLatent() ? k : kept(owned, backend.tensor(random(2, chunk * spec.heads() * spec.valueSize()), chunk, spec.heads(), spec.valueSize()));
      Tensor positions = kept(owned, backend.tensor(new int[chunk], chunk));
      Ragged batch = new Ragged(kept(owned, backend.tensor(new int[] {0, chunk}, 2)), kept(owned, backend.tensor(new int[] {slot}, 1)), positions);
      Program.Builder program = Program.builder("pretend " + chunk + " tokens").input(positions);
      for (int layer = 0; layer < spec.layers(); layer++) {
        program.add(spec.isLatent() ? KvAppend.latent(k, batch, cache, layer) : new KvAppend(k, v, batch, cache, layer));
      }
      try (Executable filling = backend.compile(program.build())) {
        for (int done = 0; done < tokens; done += chunk) {
          // The last piece may begin within the one before.
          int first = from + Math.min(done, tokens - chunk);
          stream.write(positions, IntStream.range(first, first + chunk).toArray());
          stream.submit(filling);
          stream.synchronize();
        }
      }
    } finally {
      owned.forEach(Buffer::close);
    }
  }

  private static Tensor kept(List<Buffer> owned, Tensor tensor) {
    owned.add(tensor.buffer());
    return tensor;
  }

  private static float[] random(int part, int count) {
    SplittableRandom random = new SplittableRandom(SEED + part);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return values;
  }
}
