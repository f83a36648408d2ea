package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** Latent attention of the last tokens of a sequence over a paged cache of latent rows, its up-projections in BF16. */
public class LatentAttentionBenchmark extends OperatorBenchmark {
  /** Queries, weights and sums may be rounded to BF16. */
  private static final double BOUND = 1e-3;

  private static final int PAGE = 64;
  private static final int CHUNK = 4096;

  /** The type of the cache. */
  @Param({"f16", "f8_e4m3"})
  public String dtype;

  /** Positions of the sequence in the cache. */
  @Param({"1024", "8192"})
  public int context;

  /** Its last tokens, which are queried. */
  @Param({"1", "512"})
  public int tokens;

  /** The model whose attention this is, in place of {@code shape}. */
  @Param("deepseek-v2-lite")
  public String latents;

  @Override
  Trial layOut(Lab lab, ModelShape unused) {
    ModelShape model = Shapes.named(latents);
    if (model.latent() == 0) {
      throw new NotRunException("the attention of '" + model.name() + "' is not over latent rows; take -p latents=deepseek-v2-lite, minicpm3-4b or deepseek-v3");
    }
    int size = model.latent() + model.ropeSize();
    int nope = model.keySize() - model.ropeSize();
    int queried = Math.min(tokens, context);
    DType type = Shapes.type(dtype);
    long weights = 2L * model.heads() * model.latent() * (nope + model.valueSize());
    int layers = lab.copies(type.bytes((long) context * size) + weights);
    int pages = Math.ceilDiv(context, PAGE);
    KvCache cache = lab.cache(KvCache.Spec.latent(layers, model.latent(), model.ropeSize(), type, PAGE, pages, 1, pages * PAGE));
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
    float scale = (float) (1 / Math.sqrt((double) model.keySize() * model.latent()));
    List<MlaAttention> copies = new ArrayList<>();
    List<Tensor> queries = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      Tensor q = lab.random(DType.F32, queried, model.heads(), model.keySize());
      queries.add(q);
      MlaAttention.Up up = MlaAttention.Up.of(lab.random(DType.BF16, model.heads(), model.latent(), nope),
          lab.random(DType.BF16, model.heads(), model.valueSize(), model.latent()));
      copies.add(new MlaAttention(q.slice(2, 0, nope), q.slice(2, nope, model.keySize()), new Kv.Paged(cache, layer), up, batch, scale, true,
          lab.output(DType.F32, queried, model.heads(), model.valueSize())));
    }
    return new Trial(copies, index -> error(lab, copies.get(index), queries.get(index), slot), BOUND);
  }

  /** Of the last head of the last token. */
  private double error(Lab lab, MlaAttention o, Tensor queries, int slot) {
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

  @Override
  int mostCopies() {
    return tokens == 1 ? super.mostCopies() : FEW_COPIES;
  }
}
