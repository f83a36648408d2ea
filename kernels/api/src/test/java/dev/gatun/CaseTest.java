package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Case lines are names that outlive a version: reports and re-runs quote them. */
class CaseTest {
  private static Tensor t(DType dtype, long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocate(dtype.bytes(Shape.of(shape).elements()) + 1), dtype, shape);
  }

  private static Tensor f32(long... shape) {
    return t(DType.F32, shape);
  }

  private static Tensor i32(long... shape) {
    return t(DType.I32, shape);
  }

  @Test
  void linesAreStable() {
    Rotation rotation = new Rotation(Rotation.Pairs.HALF_SPLIT, 64, 10_000, new Rotation.Scaling.Linear(2), 1);
    Ragged batch = new Ragged(i32(3), i32(2), i32(5));
    line(new Matmul(f32(1, 4096), t(DType.Q4_0, 64, 4096), f32(1, 64)), "matmul(x=f32[1,4096], w=q4_0[64,4096], y=f32[1,64])");
    line(new Matmul(t(DType.F16, 2, 8), t(DType.BF16, 3, 8), Optional.of(f32(3)), f32(2, 3)),
        "matmul(x=f16[2,8], w=bf16[3,8], bias=f32[3], y=f32[2,3])");
    line(new Matmul(f32(2, 300), t(DType.F8_E4M3, 3, 300), Optional.of(f32(1, 3)), Optional.of(f32(3)), f32(2, 3)),
        "matmul(x=f32[2,300], w=f8_e4m3[3,300], scale=f32[1,3], bias=f32[3], y=f32[2,3])");
    line(new RmsNorm(f32(2, 8), f32(8), 1e-5f, f32(2, 8)), "rms_norm(x=f32[2,8], weight=f32[8], y=f32[2,8], eps=1.0E-5)");
    line(new LayerNorm(f32(2, 8), f32(8), Optional.empty(), 0, f32(2, 8)), "layer_norm(x=f32[2,8], weight=f32[8], y=f32[2,8], eps=0.0)");
    line(new Rope(f32(5, 2, 64), i32(5), Optional.of(f32(32)), rotation, f32(5, 2, 64)),
        "rope(x=f32[5,2,64], positions=i32[5], factors=f32[32], "
        + "y=f32[5,2,64], pairs=HALF_SPLIT, dims=64, base=10000.0, scaling=Linear[factor=2.0], magnitude=1.0)");
    line(new SiluMul(f32(4), f32(4), f32(4)), "silu_mul(gate=f32[4], up=f32[4], y=f32[4])");
    line(new Gelu(f32(4), Gelu.Form.TANH, f32(4)), "gelu(x=f32[4], y=f32[4], form=TANH)");
    line(new GeluMul(f32(4), f32(4), Gelu.Form.ERF, f32(4)), "gelu_mul(gate=f32[4], up=f32[4], y=f32[4], form=ERF)");
    line(new Add(f32(2, 4), f32(4), f32(2, 4)), "add(a=f32[2,4], b=f32[4], y=f32[2,4])");
    line(new Mul(f32(2, 4), f32(2, 4), f32(2, 4)), "mul(a=f32[2,4], b=f32[2,4], y=f32[2,4])");
    line(new Scale(f32(4), 0.5f, f32(4)), "scale(x=f32[4], y=f32[4], factor=0.5)");
    line(new Softcap(f32(4), 30, f32(4)), "softcap(x=f32[4], y=f32[4], cap=30.0)");
    line(new Embedding(i32(3), t(DType.Q8_0, 9, 32), f32(3, 32)), "embedding(ids=i32[3], table=q8_0[9,32], y=f32[3,32])");
    line(new GatherRows(f32(5, 4), i32(2), f32(2, 4)), "gather_rows(x=f32[5,4], rows=i32[2], y=f32[2,4])");
    line(new Softmax(f32(2, 4), 1, f32(2, 4)), "softmax(x=f32[2,4], y=f32[2,4], scale=1.0)");
    line(new Argmax(f32(2, 4), i32(2)), "argmax(x=f32[2,4], y=i32[2])");
    line(new TopK(f32(2, 4), f32(2, 3), i32(2, 3)), "top_k(x=f32[2,4], values=f32[2,3], indices=i32[2,3])");
    line(new MoeRoute(f32(2, 64), Optional.of(f32(64)), new MoeRoute.Options(MoeRoute.Gating.SIGMOID, 8, 4, MoeRoute.GroupScore.TOP_TWO, true, 2.5f),
            i32(2, 6), f32(2, 6)),
        "moe_route(logits=f32[2,64], bias=f32[64], chosen=i32[2,6], weights=f32[2,6], gating=SIGMOID, groups=8, groups_chosen=4, group_score=TOP_TWO, "
            + "normalize=true, scale=2.5)");
    line(new GroupedMatmul(f32(2, 32), t(DType.Q4_0, 4, 8, 32), i32(2, 3), f32(2, 3, 8)),
        "grouped_matmul(x=f32[2,32], w=q4_0[4,8,32], chosen=i32[2,3], y=f32[2,3,8])");
    line(new GroupedMatmul(f32(2, 3, 32), t(DType.Q4_0, 4, 8, 32), i32(2, 3), Optional.of(f32(2, 3)), Optional.of(f32(4, 8)), f32(2, 8)),
        "grouped_matmul(x=f32[2,3,32], w=q4_0[4,8,32], chosen=i32[2,3], gates=f32[2,3], bias=f32[4,8], y=f32[2,8])");
    line(new Penalize(f32(2, 4), i32(2, 7), i32(2), f32(2, 3), f32(2, 4)),
        "penalize(x=f32[2,4], history=i32[2,7], lengths=i32[2], penalties=f32[2,3], y=f32[2,4])");
    line(new Sample(f32(2, 4), f32(2, 4), i32(2, 3), i32(2), i32(2)),
        "sample(x=f32[2,4], controls=f32[2,4], seeds=i32[2,3], positions=i32[2], ids=i32[2])");
    line(new Copy(f32(2, 4), t(DType.F8_E4M3, 2, 4)), "copy(x=f32[2,4], y=f8_e4m3[2,4])");
    line(new Quantize(f32(2, 32), t(DType.Q4_0, 2, 32)), "quantize(x=f32[2,32], y=q4_0[2,32])");
    line(new Dequantize(t(DType.Q6_K, 1, 256), f32(1, 256)), "dequantize(x=q6_k[1,256], y=f32[1,256])");
    line(new Attention(f32(5, 4, 8), new Kv.Dense(f32(9, 2, 8), f32(9, 2, 8), i32(3)), batch, Attention.Options.causal(0.5f),
        Optional.of(f32(4)),
        f32(5, 4, 8)), "attention(q=f32[5,4,8], k=f32[9,2,8], v=f32[9,2,8], key_starts=i32[3], "
        + "starts=i32[3], slots=i32[2], positions=i32[5], sinks=f32[4], y=f32[5,4,8], scale=0.5, causal=true, window=0, softcap=0.0)");
    try (Backend backend = Gatun.open("fake"); KvCache cache = backend.newKvCache(new KvCache.Spec(3, 2, 8, 8, DType.F16, 16, 10, 4,
        100))) {
      line(new KvAppend(f32(5, 2, 8), f32(5, 2, 8), batch, cache, 1),
          "kv_append(k=f32[5,2,8], v=f32[5,2,8], starts=i32[3], slots=i32[2], positions=i32[5], cache=f16[2,8]x16x100)");
      line(new Attention(f32(5, 4, 8), new Kv.Paged(cache, 2), batch, new Attention.Options(1, false, 7, 50), Optional.empty(),
          f32(5, 4, 8)),
          "attention(q=f32[5,4,8], starts=i32[3], slots=i32[2], positions=i32[5], y=f32[5,4,8], cache=f16[2,8]x16x100, "
              + "scale=1.0, causal=false, window=7, softcap=50.0)");
    }
  }

  private static void line(Operator operator, String expected) {
    assertThat(operator.toCase().line()).isEqualTo(expected);
    assertThat(operator.toCase()).hasToString(expected).isEqualTo(operator.toCase().operator().toCase())
        .hasSameHashCodeAs(operator.toCase());
  }

  @Test
  void stridesCountsAndLayoutsBelongToACase() {
    Tensor wide = f32(3, 10);
    Tensor count = i32(1);
    line(new Scale(wide.slice(1, 0, 4).withCount(count), 2, f32(3, 4).withCount(count)),
        "scale(x=f32[<=3,4]/strides[10,1], y=f32[<=3,4], factor=2.0)");
    Tensor packed = Tensor.ofLayout(f32(2, 4).storage(), 0, DType.F32, Shape.of(2, 4), "rows16");
    line(new Matmul(f32(1, 4), packed, f32(1, 2)), "matmul(x=f32[1,4], w=f32[2,4]/rows16, y=f32[1,2])");
  }

  @Test
  void addressesDoNotBelongToACase() {
    Tensor x = f32(6, 4);
    assertThat(new Scale(x.slice(0, 0, 3), 2, f32(3, 4)).toCase()).isEqualTo(new Scale(x.slice(0, 3, 6), 2, f32(3, 4)).toCase());
    assertThat(new Scale(f32(3, 4), 2, f32(3, 4)).toCase()).isNotEqualTo(new Scale(f32(3, 4), 3, f32(3, 4)).toCase());
    assertThat(new Scale(x, 2, x).toCase().operator().reads().getFirst().storage()).isInstanceOf(Storage.Nowhere.class);
  }
}
