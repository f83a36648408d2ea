package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What stands between the projections of a step and its attention, done by one launch: keys are turned and written to the cache with the values, queries are turned on the
 * way, each head after its norm where the model has one. Turned keys, and what the norms make, never reach memory.
 *
 * @param queryNorm the norm of each query head
 * @param query the rotation of queries, if it stands beside that of keys
 * @param keyNorm the norm of each key head
 * @param key the rotation of keys
 * @param append what becomes of them
 * @param operators all of these in program order
 * @param elided the temporaries that never reach memory
 */
public record FusedCacheWrite(Optional<RmsNorm> queryNorm, Optional<Rope> query, Optional<RmsNorm> keyNorm, Rope key, KvAppend append, List<Operator> operators,
    Set<Storage> elided) {
  private static final String KERNEL = "rope_kv_append_128";
  private static final int WARPS = 4;
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;
  private static final int ROPE_FLOPS = 3;
  private static final int NORM_FLOPS = 4;

  /** Keeps the list and the set as they are now. */
  public FusedCacheWrite {
    operators = List.copyOf(operators);
    elided = Set.copyOf(elided);
  }

  /** The launch that operators {@code at} and following of a program become; empty where they are none, or are better done one by one. */
  public static Optional<FusedCacheWrite> at(List<Operator> program, int at, Gpu gpu) {
    return CacheWriteSearch.at(program, at).filter(found -> found.sharedBytes() <= gpu.sharedBytes()
        && found.operators.stream().allMatch(o -> OperatorKernels.plan(o, gpu) instanceof CudaPlan));
  }

  /** What one operator here makes for the next alone. */
  Stream<Tensor> between() {
    return Stream.of(queryNorm.map(RmsNorm::y).stream(), keyNorm.map(RmsNorm::y).stream(), Stream.of(key.y())).flatMap(s -> s);
  }

  /** What the launch reads and writes. */
  Stream<Tensor> touched() {
    List<Tensor> made = between().toList();
    return Stream.concat(operators.stream().flatMap(o -> o.reads().stream()).filter(t -> made.stream().noneMatch(t::isSameView)),
        Stream.of(Optional.of(keys()), query.map(Rope::y), query.map(_ -> queries())).flatMap(Optional::stream));
  }

  private Tensor keys() {
    return keyNorm.map(RmsNorm::x).orElse(key.x());
  }

  private Tensor queries() {
    return queryNorm.map(RmsNorm::x).or(() -> query.map(Rope::x)).orElseThrow();
  }

  private int sharedBytes() {
    return key.rotation().dims() * Float.BYTES + WARPS * Math.toIntExact(key.y().size(2)) * Float.BYTES;
  }

  private long rowsOfToken() {
    return query.map(q -> q.y().size(1)).orElse(0L) + 2 * append.k().size(1);
  }

  /** What runs. */
  public CudaPlan plan(Gpu gpu) {
    Set<Tensor> seen = new HashSet<>();
    KvCache.Spec spec = append.kv().spec();
    long bytes = touched().filter(t -> seen.stream().noneMatch(t::isSameView) && seen.add(t)).mapToLong(CudaPlan::bytes).sum()
        + append.k().size(0) * spec.bytesPerTokenAndLayer();
    long flops = operators.stream().mapToLong(o -> switch (o) {
      case Rope rope -> ROPE_FLOPS * rope.y().shape().elements();
      case RmsNorm norm -> NORM_FLOPS * norm.y().shape().elements();
      default -> 0;
    }).sum();
    String norms = queryNorm.isPresent() || keyNorm.isPresent() ? ", with rms_norm" : "";
    return new CudaPlan(KERNEL, "a warp a row of a head, " + parts(gpu) + " blocks a token" + norms, 0, bytes, flops, List.of());
  }

  /** Blocks that share a token's rows: as many as there are places for, so that one token is not done by one block. */
  private long parts(Gpu gpu) {
    long places = (long) gpu.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR;
    return Math.clamp(places / Math.max(1, append.k().size(0)), 1, Math.ceilDiv(rowsOfToken(), WARPS));
  }

  /** Adds the launch. */
  public void bind(Binding binding) {
    CachePages pages = binding.cache(append.kv());
    KvCache.Spec spec = pages.spec();
    LaunchBuilder launch = binding.launch(KERNEL);
    RowShape rows = RowShape.of(binding, append.k(), append.v(), append.batch().positions());
    rows.pass(launch, "k", keys(), binding);
    rows.pass(launch, "v", append.v(), binding);
    if (query.isPresent()) {
      RowShape queryRows = RowShape.of(binding, queries(), query.get().y(), append.batch().positions());
      queryRows.pass(launch, "q", queries(), binding);
      queryRows.pass(launch, "turned", query.get().y(), binding);
    } else {
      RowShape.passNone(launch, "q");
      RowShape.passNone(launch, "turned");
    }
    CacheGeometry.pass(launch, append.batch(), binding);
    CacheGeometry.pass(launch, pages);
    Rotation rotation = key.rotation();
    long first = pages.layer(append.layer());
    launch.pointer("query_weight", binding.address(queryNorm.map(RmsNorm::weight))).pointer("key_weight", binding.address(keyNorm.map(RmsNorm::weight)))
        .pointer("turns", binding.table(Arrays.stream(rotation.frequencies()).map(f -> f / (2 * Math.PI)).toArray()))
        .pointer("factors", binding.address(key.factors())).pointer("keys", first).pointer("values", first + spec.pageTokens() * pages.keyBytes())
        .set("page_bytes", spec.heads() * pages.headBytes()).set("head_bytes", pages.headBytes()).set("key_bytes", pages.keyBytes())
        .set("value_bytes", pages.valueBytes()).set("query_heads", query.map(q -> Math.toIntExact(q.y().size(1))).orElse(0)).set("heads", spec.heads())
        .set("key_size", spec.keySize()).set("value_size", spec.valueSize()).set("dims", rotation.dims())
        .set("interleaved", rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 1 : 0).set("magnitude", (float) rotation.amplitude())
        .set("query_epsilon", queryNorm.map(RmsNorm::eps).orElse(0f)).set("key_epsilon", keyNorm.map(RmsNorm::eps).orElse(0f))
        .set("query_normed", queryNorm.map(n -> n.y().dtype()).orElse(DType.F32)).set("key_normed", keyNorm.map(n -> n.y().dtype()).orElse(DType.F32))
        .set("key_turned", key.y().dtype()).set("kept", spec.dtype()).shared(sharedBytes())
        .grid(Plans.blocks(rows.bound(), binding.gpu()), parts(binding.gpu()), 1);
  }
}
