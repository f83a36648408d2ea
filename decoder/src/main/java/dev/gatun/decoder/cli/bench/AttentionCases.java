package dev.gatun.decoder.cli.bench;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Attention over a prompt, dense, and of one token of each sequence over a paged cache. */
public final class AttentionCases {
  /** Queries and weights may be rounded to BF16. */
  private static final double BOUND = 1e-3;
  private static final int SAMPLED_TOKENS = 6;
  private static final int PAGE = 64;
  private static final int CHUNK = 4096;

  private AttentionCases() {}

  /**
   * The heads of a model.
   *
   * @param queries query heads
   * @param keys heads of keys and values
   * @param keySize elements of a query or key
   * @param valueSize elements of a value
   */
  public record Heads(int queries, int keys, int keySize, int valueSize) {}

  /** A prompt of {@code tokens} tokens in BF16. */
  static KernelCase prefill(BenchScale scale, int wanted, int heads, int kvHeads, int size, boolean causal) {
    int tokens = scale.tokens(wanted);
    Map<String, Object> sizes = sizes(1, tokens, tokens, heads, kvHeads, size);
    sizes.put("causal", causal);
    sizes.put("type", DType.BF16.label());
    String name = "prefill d=" + size + " h=" + heads + "/" + kvHeads + " " + wanted + (causal ? " causal" : " full");
    return new KernelCase("attention", name, sizes,
        lab -> prompt(lab, tokens, new Heads(heads, kvHeads, size, size), DType.BF16, causal));
  }

  /** One token of each of {@code sequences} sequences over {@code keys} positions of a cache. */
  static KernelCase decode(BenchScale scale, int wanted, int sequences, int heads, int kvHeads, int size, DType cache) {
    int keys = scale.tokens(wanted);
    Map<String, Object> sizes = sizes(sequences, 1, keys, heads, kvHeads, size);
    sizes.put("causal", true);
    sizes.put("type", cache.label());
    String name = "decode d=" + size + " h=" + heads + "/" + kvHeads + " " + cache.label() + " " + wanted + " m=" + sequences;
    return new KernelCase("attention", name, sizes,
        lab -> step(lab, keys, sequences, new Heads(heads, kvHeads, size, size), cache));
  }

  private static Map<String, Object> sizes(int sequences, int tokens, int keys, int heads, int kvHeads, int size) {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("sequences", (long) sequences);
    sizes.put("tokens", (long) tokens);
    sizes.put("keys", (long) keys);
    sizes.put("heads", (long) heads);
    sizes.put("kv_heads", (long) kvHeads);
    sizes.put("head_size", (long) size);
    return sizes;
  }

  /** A prompt of {@code tokens} tokens, queries, keys and values of one type. */
  public static Trial prompt(Lab lab, int tokens, Heads heads, DType type, boolean causal) {
    long bytes = type.bytes((long) tokens * (heads.keySize() + heads.valueSize()) * (heads.queries() + heads.keys()));
    Ragged batch = new Ragged(lab.ints(0, tokens), lab.ints(0), lab.ints(IntStream.range(0, tokens).toArray()));
    Tensor starts = lab.ints(0, tokens);
    List<Attention> copies = new ArrayList<>();
    for (int i = lab.copies(bytes); i > 0; i--) {
      Kv kv = new Kv.Dense(lab.random(type, tokens, heads.keys(), heads.keySize()),
          lab.random(type, tokens, heads.keys(), heads.valueSize()), starts);
      copies.add(new Attention(lab.random(type, tokens, heads.queries(), heads.keySize()), kv, batch, options(heads.keySize(), causal),
          Optional.empty(), lab.output(type, tokens, heads.queries(), heads.valueSize())));
    }
    return new Trial(copies, index -> {
      Attention o = copies.get(index);
      Kv.Dense kv = (Kv.Dense) o.kv();
      return error(lab, o, lab.onHost(kv.k()), lab.onHost(kv.v()), MatmulCases.sample(tokens, SAMPLED_TOKENS), true);
    }, BOUND);
  }

  private static Attention.Options options(int size, boolean causal) {
    return new Attention.Options((float) (1 / Math.sqrt(size)), causal, 0, 0);
  }

  /** One token of each of {@code sequences} sequences over {@code keys} positions of a cache. */
  public static Trial step(Lab lab, int keys, int sequences, Heads heads, DType type) {
    int slotPages = Math.ceilDiv(keys, PAGE);
    long elements = (long) keys * (heads.keySize() + heads.valueSize());
    long bytes = (long) sequences * heads.keys() * type.bytes(Math.ceilDiv(elements, type.blockSize()) * type.blockSize());
    int layers = lab.copies(bytes);
    KvCache cache = lab.cache(new KvCache.Spec(layers, heads.keys(), heads.keySize(), heads.valueSize(), type, PAGE, sequences * slotPages, sequences,
        slotPages * PAGE));
    int chunk = Math.min(keys, CHUNK);
    Tensor k = lab.random(DType.BF16, chunk, heads.keys(), heads.keySize());
    Tensor v = lab.random(DType.BF16, chunk, heads.keys(), heads.valueSize());
    int[] slots = new int[sequences];
    for (int s = 0; s < sequences; s++) {
      slots[s] = cache.open();
      cache.reserve(lab.stream(), slots[s], 0, keys);
      append(lab, cache, slots[s], keys, k, v);
    }
    int[] last = new int[sequences];
    Arrays.fill(last, keys - 1);
    Ragged batch = new Ragged(lab.ints(IntStream.rangeClosed(0, sequences).toArray()), lab.ints(slots), lab.ints(last));
    List<Attention> copies = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      copies.add(new Attention(lab.random(DType.F32, sequences, heads.queries(), heads.keySize()), new Kv.Paged(cache, layer), batch,
          options(heads.keySize(), true), Optional.empty(), lab.output(DType.F32, sequences, heads.queries(), heads.valueSize())));
    }
    int[] token = {sequences - 1};
    return new Trial(copies, index -> error(lab, copies.get(index), repeated(lab, k, keys), repeated(lab, v, keys), token, false), BOUND);
  }

  /** Fills every layer of a slot with the same keys and values again and again. */
  private static void append(Lab lab, KvCache cache, int slot, int keys, Tensor k, Tensor v) {
    int chunk = Math.toIntExact(k.size(0));
    for (int from = 0; from < keys; from += chunk) {
      int tokens = Math.min(chunk, keys - from);
      Ragged batch = new Ragged(lab.ints(0, tokens), lab.ints(slot), lab.ints(IntStream.range(from, from + tokens).toArray()));
      Program.Builder program = Program.builder("fill").input(k, v);
      for (int layer = 0; layer < cache.spec().layers(); layer++) {
        program.add(new KvAppend(k.slice(0, 0, tokens), v.slice(0, 0, tokens), batch, cache, layer));
      }
      try (var fill = lab.backend().compile(program.build())) {
        lab.stream().submit(fill);
        lab.stream().synchronize();
      }
    }
  }

  private static Tensor repeated(Lab lab, Tensor chunk, int rows) {
    Tensor once = lab.onHost(chunk);
    Tensor all = lab.hostTensor(chunk.dtype(), rows, chunk.size(1), chunk.size(2));
    MemorySegment from = once.buffer().host().orElseThrow();
    MemorySegment to = all.buffer().host().orElseThrow();
    for (long done = 0; done < all.bytes(); done += once.bytes()) {
      MemorySegment.copy(from, 0, to, done, Math.min(once.bytes(), all.bytes() - done));
    }
    return all;
  }

  /** Of the query heads over the last head of keys, for some of the tokens; each looks at all keys up to its position. */
  private static double error(Lab lab, Attention o, Tensor k, Tensor v, int[] tokens, boolean prompt) {
    int heads = Math.toIntExact(o.q().size(1));
    int size = Math.toIntExact(o.q().size(2));
    int valueSize = Math.toIntExact(o.y().size(2));
    int kvHeads = Math.toIntExact(k.size(1));
    int group = heads / kvHeads;
    int keys = Math.toIntExact(k.size(0));
    long rowBytes = o.q().dtype().bytes((long) heads * size);
    long answerBytes = o.y().dtype().bytes((long) heads * valueSize);
    Tensor q = lab.hostTensor(o.q().dtype(), tokens.length, heads, size);
    Tensor y = lab.hostTensor(o.y().dtype(), tokens.length, heads, valueSize);
    for (int i = 0; i < tokens.length; i++) {
      lab.stream().copy(o.q().slice(0, tokens[i], tokens[i] + 1), Tensor.of(q.storage(), i * rowBytes, q.dtype(), Shape.of(1, heads, size)));
      lab.stream().copy(o.y().slice(0, tokens[i], tokens[i] + 1), Tensor.of(y.storage(), i * answerBytes, y.dtype(), Shape.of(1, heads, valueSize)));
    }
    lab.stream().synchronize();
    int[] positions = prompt ? tokens : new int[] {keys - 1};
    Ragged batch = new Ragged(host(lab, 0, tokens.length), host(lab, 0), host(lab, positions));
    Kv kv = new Kv.Dense(k.slice(1, kvHeads - 1, kvHeads), v.slice(1, kvHeads - 1, kvHeads), host(lab, 0, keys));
    Tensor wanted = lab.hostTensor(DType.F32, tokens.length, group, valueSize);
    double[] expected = Oracle.compute(
        new Attention(q.slice(1, heads - group, heads), kv, batch, o.options(), Optional.empty(), wanted), Host.buffers()).get("y");
    return Nmse.of(expected, Elements.all(Host.buffers(), y.slice(1, heads - group, heads)));
  }

  private static Tensor host(Lab lab, int... values) {
    Tensor tensor = lab.hostTensor(DType.I32, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, tensor.buffer().host().orElseThrow(), 0, 4L * values.length);
    return tensor;
  }
}
