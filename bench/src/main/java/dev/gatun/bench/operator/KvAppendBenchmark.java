package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** Keys and values of new tokens into a paged cache. */
public class KvAppendBenchmark extends OperatorBenchmark {
  private static final int PAGE = 64;
  private static final int SAMPLED_TOKENS = 8;

  /** The type of the cache. */
  @Param({"f16", "q8_0"})
  public String dtype;

  /** New tokens. */
  @Param({"1", "128"})
  public int tokens;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    long bytes = (long) tokens * model.kvHeads() * (model.keySize() + model.valueSize()) * Float.BYTES;
    int layers = lab.copies(bytes);
    int pages = Math.ceilDiv(tokens, PAGE);
    KvCache cache = lab.cache(new KvCache.Spec(layers, model.kvHeads(), model.keySize(), model.valueSize(), type, PAGE, pages, 1, pages * PAGE));
    int slot = cache.open();
    cache.reserve(lab.stream(), slot, 0, tokens);
    Ragged batch = new Ragged(lab.ints(0, tokens), lab.ints(slot), lab.ints(IntStream.range(0, tokens).toArray()));
    List<KvAppend> copies = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      copies.add(new KvAppend(lab.random(DType.F32, tokens, model.kvHeads(), model.keySize()),
          lab.random(DType.F32, tokens, model.kvHeads(), model.valueSize()), batch, cache, layer));
    }
    return new Trial(copies, index -> error(lab, copies.get(index), slot, 0), Copies.QUANT_BOUND);
  }

  /** What the cache gives back of some tokens, the first of them at position {@code from}, against what it should have kept. */
  static double error(Lab lab, KvAppend o, int slot, int from) {
    int[] tokens = MatmulCases.sample(Math.toIntExact(o.k().size(0)), SAMPLED_TOKENS);
    Tensor k = lab.onHost(o.k(), tokens);
    Tensor v = lab.onHost(o.v(), tokens);
    Tensor starts = lab.hostTensor(DType.I32, 2);
    Tensor one = lab.hostTensor(DType.I32, 1);
    Map<String, double[]> kept = Oracle.compute(new KvAppend(k, v, new Ragged(starts, one, lab.onHost(o.batch().positions(), tokens)), o.kv(), o.layer()),
        Host.buffers());
    return Math.max(Nmse.of(kept.get("k"), read(lab, o, slot, from, tokens, KvCache.Part.KEY)),
        Nmse.of(kept.get("v"), read(lab, o, slot, from, tokens, KvCache.Part.VALUE)));
  }

  private static double[] read(Lab lab, KvAppend o, int slot, int from, int[] tokens, KvCache.Part part) {
    return Arrays.stream(tokens).boxed().flatMapToDouble(token -> IntStream.range(0, o.kv().spec().heads()).boxed().flatMapToDouble(head -> {
      float[] one = o.kv().read(lab.stream(), slot, o.layer(), part, from + token, head);
      return IntStream.range(0, one.length).mapToDouble(i -> one[i]);
    })).toArray();
  }
}
