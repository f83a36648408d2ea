package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each record refuses, and that the message names the operator and the operand. */
class OperatorValidationTest {
  private static final Tensor COUNT = i32(1);
  private static final Tensor OTHER_COUNT = i32(1);
  private static final Optional<Tensor> NONE = Optional.empty();

  private static Tensor t(DType dtype, long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocate(dtype.bytes(Shape.of(shape).elements()) + 1), dtype, shape);
  }

  private static Tensor f32(long... shape) {
    return t(DType.F32, shape);
  }

  private static Tensor i32(long... shape) {
    return t(DType.I32, shape);
  }

  private static Tensor gapped(Tensor t) {
    long[] strides = t.strides();
    long[] doubled = new long[strides.length];
    Arrays.setAll(doubled, i -> 2 * strides[i]);
    return Tensor.of(Buffer.ofHost(Arena.ofAuto().allocate(2 * t.bytes() + 8)), 0, t.dtype(), t.shape(), doubled);
  }

  private static Ragged batch(long sequences, long tokens) {
    return new Ragged(i32(sequences + 1), i32(sequences), i32(tokens));
  }

  private static Arguments bad(String operator, String operand, Supplier<Object> make) {
    return Arguments.of(operator, operand, make);
  }

  private static Kv dense(long keys, long heads, long size) {
    return new Kv.Dense(f32(keys, heads, size), f32(keys, heads, size), i32(2));
  }

  private static Attention attention(Tensor q, Kv kv, Ragged batch, Optional<Tensor> sinks, Tensor y) {
    return new Attention(q, kv, batch, Attention.Options.causal(1), sinks, y);
  }

  /** A product with a weight {@code [3, 300]} of {@code w}. */
  private static Matmul scaled(DType w, Tensor scale) {
    int k = w.isBlock() ? 320 : 300;
    return new Matmul(f32(2, k), t(w, 3, k), Optional.of(scale), NONE, f32(2, 3));
  }

  private static MoeRoute route(Tensor logits, Optional<Tensor> bias, int groups, int groupsChosen, long k) {
    return new MoeRoute(logits, bias, new MoeRoute.Options(MoeRoute.Gating.SIGMOID, groups, groupsChosen, MoeRoute.GroupScore.TOP_TWO, true, 1), i32(2, k),
        f32(2, k));
  }

  static Stream<Arguments> elementwise() {
    Rotation rotation = new Rotation(Rotation.Pairs.INTERLEAVED, 8, 10_000);
    return Stream.of(
        bad("rms_norm", "x", () -> new RmsNorm(f32(8), f32(8), 0, f32(8))),
        bad("rms_norm", "x", () -> new RmsNorm(i32(2, 8), f32(8), 0, f32(2, 8))),
        bad("rms_norm", "weight", () -> new RmsNorm(f32(2, 8), f32(9), 0, f32(2, 8))),
        bad("rms_norm", "weight", () -> new RmsNorm(f32(2, 8), t(DType.F16, 8), 0, f32(2, 8))),
        bad("rms_norm", "y", () -> new RmsNorm(f32(2, 8), f32(8), 0, f32(3, 8))),
        bad("rms_norm", "eps", () -> new RmsNorm(f32(2, 8), f32(8), -1, f32(2, 8))),
        bad("rms_norm", "eps", () -> new RmsNorm(f32(2, 8), f32(8), Float.NaN, f32(2, 8))),
        bad("rms_norm", "x", () -> new RmsNorm(gapped(f32(2, 8)), f32(8), 0, f32(2, 8))),
        bad("rms_norm", "count", () -> new RmsNorm(f32(2, 8).withCount(COUNT), f32(8), 0, f32(2, 8).withCount(OTHER_COUNT))),
        bad("layer_norm", "bias", () -> new LayerNorm(f32(2, 8), f32(8), Optional.of(f32(7)), 0, f32(2, 8))),
        bad("layer_norm", "weight", () -> new LayerNorm(f32(2, 8), f32(2, 4), NONE, 0, f32(2, 8))),
        bad("layer_norm", "y", () -> new LayerNorm(f32(2, 8), f32(8), NONE, 0, t(DType.Q8_0, 2, 32))),
        bad("rope", "x", () -> new Rope(f32(2, 8), i32(2), NONE, rotation, f32(2, 8))),
        bad("rope", "positions", () -> new Rope(f32(2, 1, 8), i32(3), NONE, rotation, f32(2, 1, 8))),
        bad("rope", "positions", () -> new Rope(f32(2, 1, 8), f32(2), NONE, rotation, f32(2, 1, 8))),
        bad("rope", "rotation of 8", () -> new Rope(f32(2, 1, 6), i32(2), NONE, rotation, f32(2, 1, 6))),
        bad("rope", "factors", () -> new Rope(f32(2, 1, 8), i32(2), Optional.of(f32(8)), rotation, f32(2, 1, 8))),
        bad("rope", "y", () -> new Rope(f32(2, 1, 8), i32(2), NONE, rotation, f32(2, 2, 8))),
        bad("rope", "dims", () -> new Rotation(Rotation.Pairs.INTERLEAVED, 7, 1)),
        bad("rope", "dims", () -> new Rotation(Rotation.Pairs.INTERLEAVED, 0, 1)),
        bad("rope", "base", () -> new Rotation(Rotation.Pairs.INTERLEAVED, 2, 0)),
        bad("rope", "magnitude", () -> new Rotation(Rotation.Pairs.INTERLEAVED, 2, 1, new Rotation.Scaling.None(), Double.NaN)),
        bad("rope", "linear", () -> new Rotation.Scaling.Linear(0)),
        bad("rope", "llama3", () -> new Rotation.Scaling.Llama3(8, 4, 1, 100)),
        bad("rope", "yarn", () -> new Rotation.Scaling.Yarn(0.5, 100, 1, 32, 1)),
        bad("silu_mul", "up", () -> new SiluMul(f32(4), f32(5), f32(4))),
        bad("silu_mul", "y", () -> new SiluMul(f32(4), f32(4), f32(2, 2))),
        bad("silu_mul", "gate", () -> new SiluMul(i32(4), f32(4), f32(4))),
        bad("gelu", "y", () -> new Gelu(f32(4), Gelu.Form.ERF, f32(5))),
        bad("gelu_mul", "up", () -> new GeluMul(f32(4), f32(5), Gelu.Form.ERF, f32(4))),
        bad("add", "b", () -> new Add(f32(2, 4), f32(2), f32(2, 4))),
        bad("add", "b", () -> new Add(f32(2, 4), f32(1, 4), f32(2, 4))),
        bad("add", "a", () -> new Add(t(DType.Q8_0, 32), f32(32), f32(32))),
        bad("mul", "y", () -> new Mul(f32(2, 4), f32(4), f32(4))),
        bad("mul", "b", () -> new Mul(f32(2, 4), gapped(f32(2, 4)), f32(2, 4))),
        bad("scale", "factor", () -> new Scale(f32(4), Float.POSITIVE_INFINITY, f32(4))),
        bad("scale", "x", () -> new Scale(i32(4), 1, f32(4))),
        bad("softcap", "cap", () -> new Softcap(f32(4), 0, f32(4))),
        bad("softcap", "cap", () -> new Softcap(f32(4), Float.NaN, f32(4))));
  }

  static Stream<Arguments> rows() {
    return Stream.of(
        bad("matmul", "x", () -> new Matmul(f32(4), f32(3, 4), f32(3))),
        bad("matmul", "last dimension", () -> new Matmul(f32(2, 4), f32(3, 5), f32(2, 3))),
        bad("matmul", "w", () -> new Matmul(f32(2, 4), i32(3, 4), f32(2, 3))),
        bad("matmul", "w", () -> new Matmul(f32(2, 4), t(DType.I8, 3, 4), f32(2, 3))),
        bad("matmul", "y", () -> new Matmul(f32(2, 4), f32(3, 4), f32(3, 2))),
        bad("matmul", "y", () -> new Matmul(f32(2, 4), f32(3, 4), i32(2, 3))),
        bad("matmul", "x", () -> new Matmul(t(DType.Q8_0, 2, 32), f32(3, 32), f32(2, 3))),
        bad("matmul", "w", () -> new Matmul(f32(2, 4), gapped(f32(3, 4)), f32(2, 3))),
        bad("matmul", "bias", () -> new Matmul(f32(2, 4), f32(3, 4), Optional.of(f32(2)), f32(2, 3))),
        bad("matmul", "bias", () -> new Matmul(f32(2, 4), f32(3, 4), Optional.of(t(DType.F16, 3)), f32(2, 3))),
        bad("matmul", "scale", () -> scaled(DType.BF16, f32(1))),
        bad("matmul", "scale", () -> scaled(DType.Q8_0, f32(1))),
        bad("matmul", "scale", () -> scaled(DType.F8_E4M3, f32(2))),
        bad("matmul", "scale", () -> scaled(DType.F8_E4M3, f32(2, 3))),
        bad("matmul", "scale", () -> scaled(DType.F8_E5M2, f32(3, 2))),
        bad("matmul", "scale", () -> scaled(DType.F8_E4M3, f32(1, 2, 3))),
        bad("matmul", "scale", () -> scaled(DType.F8_E4M3, t(DType.F16, 1))),
        bad("matmul", "scale", () -> scaled(DType.F8_E4M3, gapped(f32(3, 3)))),
        bad("matmul", "count", () -> new Matmul(f32(2, 4).withCount(COUNT), f32(3, 4), f32(2, 3).withCount(OTHER_COUNT))),
        bad("grouped_matmul", "w", () -> new GroupedMatmul(f32(2, 4), f32(3, 4), i32(2, 1), f32(2, 1, 3))),
        bad("grouped_matmul", "w", () -> new GroupedMatmul(f32(2, 4), i32(5, 3, 4), i32(2, 1), f32(2, 1, 3))),
        bad("grouped_matmul", "w", () -> new GroupedMatmul(f32(2, 4), f32(0, 3, 4), i32(2, 1), f32(2, 1, 3))),
        bad("grouped_matmul", "x", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 6), i32(2, 1), f32(2, 1, 3))),
        bad("grouped_matmul", "x", () -> new GroupedMatmul(f32(2, 3, 4), f32(5, 3, 4), i32(2, 2), f32(2, 2, 3))),
        bad("grouped_matmul", "chosen", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), f32(2, 1), f32(2, 1, 3))),
        bad("grouped_matmul", "chosen", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), i32(2, 0), f32(2, 0, 3))),
        bad("grouped_matmul", "y", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), i32(2, 2), f32(2, 3))),
        bad("grouped_matmul", "y", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), i32(2, 2), Optional.of(f32(2, 2)), NONE, f32(2, 2, 3))),
        bad("grouped_matmul", "gates", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), i32(2, 2), Optional.of(f32(2, 3)), NONE, f32(2, 3))),
        bad("grouped_matmul", "bias", () -> new GroupedMatmul(f32(2, 4), f32(5, 3, 4), i32(2, 2), NONE, Optional.of(f32(3)), f32(2, 2, 3))),
        bad("grouped_matmul", "count", () -> new GroupedMatmul(f32(2, 4).withCount(COUNT), f32(5, 3, 4), i32(2, 1).withCount(OTHER_COUNT), f32(2, 1, 3))),
        bad("moe_route", "logits", () -> route(t(DType.F16, 2, 8), NONE, 1, 1, 2)),
        bad("moe_route", "bias", () -> route(f32(2, 8), Optional.of(f32(7)), 1, 1, 2)),
        bad("moe_route", "8 experts are not 3 groups", () -> route(f32(2, 8), NONE, 3, 1, 2)),
        bad("moe_route", "groups", () -> route(f32(2, 8), NONE, 0, 1, 2)),
        bad("moe_route", "groups chosen", () -> route(f32(2, 8), NONE, 2, 3, 2)),
        bad("moe_route", "chosen must be 1 to the 4 experts", () -> route(f32(2, 8), NONE, 4, 2, 5)),
        bad("moe_route", "chosen", () -> route(f32(2, 8), NONE, 1, 1, 0)),
        bad("moe_route", "scale", () -> new MoeRoute.Options(MoeRoute.Gating.SIGMOID, 1, 1, MoeRoute.GroupScore.MAX, true, Float.NaN)),
        bad("moe_route", "weights", () -> new MoeRoute(f32(2, 8), NONE, MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX, true), i32(2, 2), f32(2, 3))),
        bad("embedding", "ids", () -> new Embedding(f32(2), f32(5, 4), f32(2, 4))),
        bad("embedding", "table", () -> new Embedding(i32(2), i32(5, 4), f32(2, 4))),
        bad("embedding", "y", () -> new Embedding(i32(2), f32(5, 4), f32(2, 5))),
        bad("embedding", "table", () -> new Embedding(i32(2), f32(5), f32(2, 5))),
        bad("gather_rows", "rows", () -> new GatherRows(f32(5, 4), i32(2, 1), f32(2, 4))),
        bad("gather_rows", "y", () -> new GatherRows(f32(5, 4), i32(2), t(DType.F16, 2, 4))),
        bad("gather_rows", "y", () -> new GatherRows(f32(5, 4), i32(2), f32(3, 4))),
        bad("copy", "y", () -> new Copy(f32(2), f32(3))),
        bad("copy", "integers", () -> new Copy(f32(2), i32(2))),
        bad("copy", "integers", () -> new Copy(t(DType.I8, 2), i32(2))),
        bad("copy", "block", () -> new Copy(t(DType.Q8_0, 32), f32(32))),
        bad("quantize", "y", () -> new Quantize(f32(32), f32(32))),
        bad("quantize", "x", () -> new Quantize(t(DType.F16, 32), t(DType.Q8_0, 32))),
        bad("dequantize", "x", () -> new Dequantize(f32(32), f32(32))),
        bad("dequantize", "y", () -> new Dequantize(t(DType.Q8_0, 32), i32(32))),
        bad("softmax", "scale", () -> new Softmax(f32(4), Float.NaN, f32(4))),
        bad("softmax", "y", () -> new Softmax(f32(4), 1, f32(5))),
        bad("argmax", "x", () -> new Argmax(f32(2, 0), i32(2))),
        bad("argmax", "y", () -> new Argmax(f32(2, 3), f32(2))),
        bad("argmax", "y", () -> new Argmax(f32(2, 3), i32(3))),
        bad("top_k", "k = 4", () -> new TopK(f32(2, 3), f32(2, 4), i32(2, 4))),
        bad("top_k", "indices", () -> new TopK(f32(2, 3), f32(2, 2), i32(2, 3))),
        bad("top_k", "values", () -> new TopK(f32(2, 3), t(DType.F16, 2, 2), i32(2, 2))),
        bad("penalize", "x", () -> new Penalize(t(DType.F16, 2, 4), i32(2, 5), i32(2), f32(2, 3), f32(2, 4))),
        bad("penalize", "history", () -> new Penalize(f32(2, 4), i32(3, 5), i32(2), f32(2, 3), f32(2, 4))),
        bad("penalize", "lengths", () -> new Penalize(f32(2, 4), i32(2, 5), i32(3), f32(2, 3), f32(2, 4))),
        bad("penalize", "penalties", () -> new Penalize(f32(2, 4), i32(2, 5), i32(2), f32(2, 2), f32(2, 4))),
        bad("sample", "controls", () -> new Sample(f32(2, 4), f32(2, 3), i32(2, 3), i32(2), i32(2))),
        bad("sample", "seeds", () -> new Sample(f32(2, 4), f32(2, 4), i32(2, 2), i32(2), i32(2))),
        bad("sample", "positions", () -> new Sample(f32(2, 4), f32(2, 4), i32(2, 3), i32(1), i32(2))),
        bad("sample", "ids", () -> new Sample(f32(2, 4), f32(2, 4), i32(2, 3), i32(2), f32(2))),
        bad("sample", "x", () -> new Sample(f32(2, 0), f32(2, 4), i32(2, 3), i32(2), i32(2))));
  }

  static Stream<Arguments> sequences() {
    return Stream.of(
        bad("ragged", "starts", () -> new Ragged(i32(2), i32(2), i32(5))),
        bad("ragged", "slots", () -> new Ragged(i32(3), f32(2), i32(5))),
        bad("ragged", "positions", () -> new Ragged(i32(3), i32(2), i32(5, 1))),
        bad("attention", "q", () -> attention(f32(5, 8), dense(9, 2, 8), batch(1, 5), NONE, f32(5, 4, 8))),
        bad("attention", "tokens", () -> attention(f32(5, 4, 8), dense(9, 2, 8), batch(1, 6), NONE, f32(5, 4, 8))),
        bad("attention", "3 query heads", () -> attention(f32(5, 3, 8), dense(9, 2, 8), batch(1, 5), NONE, f32(5, 3, 8))),
        bad("attention", "another size", () -> attention(f32(5, 4, 6), dense(9, 2, 8), batch(1, 5), NONE, f32(5, 4, 6))),
        bad("attention", "y", () -> attention(f32(5, 4, 8), dense(9, 2, 8), batch(1, 5), NONE, f32(5, 2, 8))),
        bad("attention", "key_starts", () -> attention(f32(5, 4, 8), dense(9, 2, 8), batch(2, 5), NONE, f32(5, 4, 8))),
        bad("attention", "sinks", () -> attention(f32(5, 4, 8), dense(9, 2, 8), batch(1, 5), Optional.of(f32(2)), f32(5, 4, 8))),
        bad("attention", "v", () -> new Kv.Dense(f32(9, 2, 8), f32(8, 2, 8), i32(2))),
        bad("attention", "v", () -> new Kv.Dense(f32(9, 2, 8), t(DType.F16, 9, 2, 8), i32(2))),
        bad("attention", "window", () -> new Attention.Options(1, true, -1, 0)),
        bad("attention", "scale", () -> Attention.Options.causal(Float.NaN)),
        bad("attention", "softcap", () -> new Attention.Options(1, true, 0, -1)));
  }

  @ParameterizedTest
  @MethodSource({"elementwise", "rows", "sequences"})
  void aMistakeIsFoundWhereTheRecordIsMade(String operator, String operand, Supplier<Object> make) {
    assertThatThrownBy(make::get).isInstanceOf(ShapeException.class).message().startsWith(operator + ": ").contains(operand)
        .doesNotContain("\n");
  }

  @Test
  void cacheOperatorsFitTheirCache() {
    try (Backend backend = Gatun.open("fake"); KvCache cache = backend.newKvCache(new KvCache.Spec(2, 2, 8, 6, DType.F16, 4, 4, 2, 8))) {
      assertThatCode(() -> new KvAppend(f32(5, 2, 8), f32(5, 2, 6), batch(1, 5), cache, 1)).doesNotThrowAnyException();
      for (Supplier<Object> wrong : List.<Supplier<Object>>of(
          () -> new KvAppend(f32(5, 2, 8), f32(5, 2, 8), batch(1, 5), cache, 0),
          () -> new KvAppend(f32(5, 3, 8), f32(5, 3, 6), batch(1, 5), cache, 0),
          () -> new KvAppend(f32(5, 2, 8), f32(5, 2, 6), batch(1, 4), cache, 0),
          () -> new KvAppend(f32(5, 2, 8), t(DType.F16, 5, 2, 6), batch(1, 5), cache, 0),
          () -> new KvAppend(f32(5, 2, 8), f32(5, 2, 6), batch(1, 5), cache, 2),
          () -> new Kv.Paged(cache, -1),
          () -> new Kv.Paged(cache, 2),
          () -> attention(f32(5, 4, 8), new Kv.Paged(cache, 0), batch(1, 5), NONE, f32(5, 4, 8)))) {
        assertThatThrownBy(wrong::get).isInstanceOf(ShapeException.class);
      }
    }
  }

  private static MlaAttention mla(KvCache cache, int nope, int rope, MlaAttention.Up up, int tokens, Tensor y) {
    Tensor q = f32(5, up.heads(), nope + rope);
    return new MlaAttention(q.slice(2, 0, nope), q.slice(2, nope, nope + rope), new Kv.Paged(cache, 1), up, batch(1, tokens), 1, true, y);
  }

  @Test
  void latentOperatorsFitTheirCache() {
    try (Backend backend = Gatun.open("fake"); KvCache cache = backend.newKvCache(KvCache.Spec.latent(2, 8, 4, DType.F16, 4, 4, 2, 8));
        KvCache whole = backend.newKvCache(new KvCache.Spec(2, 1, 12, 8, DType.F16, 4, 4, 2, 8))) {
      MlaAttention.Up up = MlaAttention.Up.of(f32(3, 8, 6), f32(3, 7, 8));
      MlaAttention attention = mla(cache, 6, 4, up, 5, f32(5, 3, 7));
      assertThat(attention.toCase().line()).contains("cache=f16[1,12/0]x4x8").contains("w_uk=f32[3,8,6]");
      Tensor keys = f32(3, 8, 6);
      assertThat(attention.with(t -> t == up.keys() ? keys : t).up().keys()).isSameAs(keys);
      KvAppend append = KvAppend.latent(f32(5, 1, 12), batch(1, 5), cache, 1);
      assertThat(append.reads()).hasSize(4);
      for (Supplier<Object> wrong : List.<Supplier<Object>>of(
          () -> mla(whole, 6, 4, up, 5, f32(5, 3, 7)),
          () -> mla(cache, 5, 4, up, 5, f32(5, 3, 7)),
          () -> mla(cache, 6, 5, up, 5, f32(5, 3, 7)),
          () -> mla(cache, 6, 4, up, 4, f32(5, 3, 7)),
          () -> mla(cache, 6, 4, up, 5, f32(5, 3, 8)),
          () -> MlaAttention.Up.of(f32(3, 8, 6), f32(3, 7, 9)),
          () -> MlaAttention.Up.of(f32(3, 8, 6), f32(2, 7, 8)),
          () -> MlaAttention.Up.of(i32(3, 8, 6), f32(3, 7, 8)),
          () -> KvAppend.latent(f32(5, 1, 12), batch(1, 5), whole, 1),
          () -> KvAppend.latent(f32(5, 1, 11), batch(1, 5), cache, 1),
          () -> attention(f32(5, 4, 12), new Kv.Paged(cache, 0), batch(1, 5), NONE, f32(5, 4, 8)))) {
        assertThatThrownBy(wrong::get).isInstanceOf(ShapeException.class);
      }
    }
  }

  @Test
  void oneWeightForKeysAndValuesIsSeenAsTwo() {
    Tensor both = t(DType.Q8_0, 3 * (5 + 7), 64);
    MlaAttention.Up up = MlaAttention.Up.ofBoth(both, 3, 5);
    assertThat(up.keys().shape()).isEqualTo(Shape.of(3, 5, 64));
    assertThat(up.values().shape()).isEqualTo(Shape.of(3, 7, 64));
    assertThat(up.values().offset()).isEqualTo(DType.Q8_0.bytes(5 * 64));
    assertThat(List.of(up.heads(), up.rank(), up.nope(), up.valueSize())).containsExactly(3, 64, 5, 7);
    assertThat(MlaAttention.Up.ofBoth(both.reshape(3, 12, 64), 3, 5).values().isSameView(up.values())).isTrue();
    assertThatThrownBy(() -> MlaAttention.Up.ofBoth(both, 5, 5)).isInstanceOf(ShapeException.class).hasMessageContaining("5 heads");
    assertThatThrownBy(() -> MlaAttention.Up.ofBoth(both, 3, 12)).isInstanceOf(ShapeException.class);
  }

  /** Press et al. give 1/2, 1/4 ... 1/256 for eight heads; of twelve the last four lie between them. */
  @Test
  void slopesFallByThePowersThatTheHeadsNumberGives() {
    Attention.Options options = new Attention.Options(1, true, 0, 0, 8);
    for (int head = 0; head < 8; head++) {
      assertThat(options.slope(head, 8)).isEqualTo((float) Math.pow(0.5, head + 1));
      assertThat(options.slope(head, 12)).isEqualTo((float) Math.pow(0.5, head + 1));
    }
    for (int head = 8; head < 12; head++) {
      assertThat(options.slope(head, 12)).isEqualTo((float) Math.pow(0.5, 0.5 + head - 8));
    }
    assertThat(Attention.Options.causal(1).slope(3, 8)).isZero();
    assertThatThrownBy(() -> new Attention.Options(1, true, 0, 0, -1)).isInstanceOf(ShapeException.class).hasMessageContaining("max_bias");
  }

  @Test
  void aScaleIsOfTheWholeWeightOfItsRowsOrOfItsBlocks() {
    for (Tensor scale : List.of(f32(1), f32(3), f32(1, 3))) {
      Matmul scaled = scaled(DType.F8_E4M3, scale);
      assertThat(scaled.reads()).containsExactly(scaled.x(), scaled.w(), scale);
      Matmul moved = scaled.with(t -> t == scale ? f32(1) : t);
      assertThat(moved.scale().orElseThrow().shape()).isEqualTo(Shape.of(1));
      assertThat(moved.w()).isSameAs(scaled.w());
    }
    Tensor empty = t(DType.F8_E5M2, 3, 0);
    assertThatCode(() -> new Matmul(f32(2, 0), empty, Optional.of(f32(1, 0)), NONE, f32(2, 3))).doesNotThrowAnyException();
  }

  @Test
  void operatorsMoveToOtherTensorsWhole() {
    Tensor x = f32(2, 8);
    RmsNorm norm = new RmsNorm(x, f32(8), 1e-5f, f32(2, 8));
    RmsNorm moved = norm.with(t -> t == x ? f32(2, 8) : t);
    assertThat(moved.x()).isNotSameAs(x);
    assertThat(moved.weight()).isSameAs(norm.weight());
    assertThat(moved.toCase()).isEqualTo(norm.toCase());
    assertThat(norm.reads()).containsExactly(x, norm.weight());
    assertThat(norm.writes()).containsExactly(norm.y());
    assertThat(norm.inPlace()).containsExactly(new Operator.InPlace("x", "y"));
  }
}
