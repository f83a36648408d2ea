package dev.gatun.decoder.cli.bench;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Latent attention of the last tokens of a sequence over a paged cache of latent rows, its up-projections in BF16. */
public final class LatentAttentionCases {
  /** Queries, weights, sums, and keys and values that are made, may be rounded to BF16. */
  private static final double BOUND = 1e-3;
  private static final int PAGE = 64;
  private static final int CHUNK = 4096;

  private LatentAttentionCases() {}

  /**
   * The heads of a model.
   *
   * @param heads query heads
   * @param rank elements of a latent row that keys and values are made of
   * @param rope those that carry the position
   * @param nope elements of a key that are made of the latent row
   * @param value elements of a value
   */
  public record Heads(int heads, int rank, int rope, int nope, int value) {}

  /** The last {@code wanted} tokens of as many positions, or of {@code room}, over a cache of F16. */
  static KernelCase of(BenchScale scale, String model, Heads heads, int wanted, int room) {
    int tokens = scale.tokens(wanted);
    int context = scale.tokens(room);
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("tokens", (long) tokens);
    sizes.put("keys", (long) context);
    sizes.put("heads", (long) heads.heads());
    sizes.put("latent", (long) heads.rank());
    sizes.put("rope_size", (long) heads.rope());
    sizes.put("type", DType.F16.label());
    return new KernelCase("mla_attention", model + " f16 " + (wanted == 1 ? "decode" : "prefill") + " " + wanted + " of " + room, sizes,
        lab -> trial(lab, heads, DType.F16, context, tokens));
  }

  /** The last {@code tokens} of a sequence of {@code context} positions. */
  public static Trial trial(Lab lab, Heads heads, DType type, int context, int tokens) {
    int size = heads.rank() + heads.rope();
    int keySize = heads.nope() + heads.rope();
    int queried = Math.min(tokens, context);
    long weights = 2L * heads.heads() * heads.rank() * (heads.nope() + heads.value());
    int layers = lab.copies(type.bytes((long) context * size) + weights);
    int pages = Math.ceilDiv(context, PAGE);
    KvCache cache = lab.cache(KvCache.Spec.latent(layers, heads.rank(), heads.rope(), type, PAGE, pages, 1, pages * PAGE));
    int slot = cache.open();
    cache.reserve(lab.stream(), slot, 0, context);
    for (int from = 0; from < context; from += CHUNK) {
      int n = Math.min(CHUNK, context - from);
      Ragged batch = new Ragged(lab.ints(0, n), lab.ints(slot), lab.ints(IntStream.range(from, from + n).toArray()));
      Tensor rows = lab.random(DType.BF16, n, 1, size);
      for (int layer = 0; layer < layers; layer++) {
        lab.stream().run(KvAppend.latent(rows, batch, cache, layer));
      }
      lab.stream().synchronize();
    }
    Ragged batch = new Ragged(lab.ints(0, queried), lab.ints(slot), lab.ints(IntStream.range(context - queried, context).toArray()));
    // Random weights are larger than a model's, which keep the size of what goes through them.
    float scale = (float) (1 / Math.sqrt((double) keySize * heads.rank()));
    List<MlaAttention> copies = new ArrayList<>();
    List<Tensor> queries = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      Tensor q = lab.random(DType.F32, queried, heads.heads(), keySize);
      queries.add(q);
      MlaAttention.Up up = MlaAttention.Up.of(lab.random(DType.BF16, heads.heads(), heads.rank(), heads.nope()),
          lab.random(DType.BF16, heads.heads(), heads.value(), heads.rank()));
      copies.add(new MlaAttention(q.slice(2, 0, heads.nope()), q.slice(2, heads.nope(), keySize), new Kv.Paged(cache, layer), up, batch, scale, true,
          lab.output(DType.F32, queried, heads.heads(), heads.value())));
    }
    return new Trial(copies, index -> error(lab, copies.get(index), queries.get(index), slot, context), BOUND);
  }

  /** Of the last head of the last token. */
  private static double error(Lab lab, MlaAttention o, Tensor queries, int slot, int context) {
    int head = o.up().heads() - 1;
    int last = Math.toIntExact(o.qNope().size(0)) - 1;
    Tensor up = lab.onHost(o.up().keys(), head);
    Tensor values = lab.onHost(o.up().values(), head);
    Tensor y = lab.onHost(o.y(), last).slice(1, head, head + 1);
    Tensor q = lab.onHost(queries, last).slice(1, head, head + 1);
    int nope = o.up().nope();
    MlaAttention one = new MlaAttention(q.slice(2, 0, nope), q.slice(2, nope, q.size(2)), o.latents(),
        new MlaAttention.Up(up, o.up().rows(), values), new Ragged(ints(lab, 0, 1), ints(lab, slot), ints(lab, context - 1)), o.scale(), o.causal(), y);
    return Nmse.of(Oracle.compute(one, Host.reading(lab.stream())).get("y"), Elements.all(Host.buffers(), y));
  }

  private static Tensor ints(Lab lab, int... values) {
    Tensor tensor = lab.hostTensor(DType.I32, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, tensor.buffer().host().orElseThrow(), 0, tensor.bytes());
    return tensor;
  }
}
