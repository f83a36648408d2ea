package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;
import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.GatherRows;
import dev.gatun.GroupedMatmul;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MoeRoute;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Scale;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.conformance.KernelCases.Size;
import dev.gatun.conformance.Mutant.Victim;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Mistakes of the kinds that are made in kernels, and what catches each. */
final class Mutants {
  /** A missing barrier shows as one or the other, as threads happen to run. */
  private static final String RACE = "race: |that no thread has written";
  private static final String PENDING = "a cp_async is under way";

  private static final String SUMS = "include/gatun/types.cuh";
  private static final String GEMV = "include/gatun/gemv.cuh";
  private static final String GEMM = "include/gatun/gemm.cuh";
  private static final String COPIED = "include/gatun/gemm_copied.cuh";
  private static final String PACKED = "include/gatun/gemm_packed.cuh";
  private static final String ATTENTION = "include/gatun/attention.cuh";
  private static final String TILES = "kernels/attention_prefill_mma.cu";
  private static final String DECODE = "kernels/attention_decode.cu";
  private static final String TURNED = "kernels/rope_kv_append.cu";
  private static final String DECODED = "include/gatun/attention_decode.cuh";
  private static final String RINGS = "kernels/attention_decode_mma.cu";
  private static final String EXPANDED = "kernels/mla_expand.cu";
  private static final String EXPERTS = "kernels/experts.cu";

  private Mutants() {}

  /** The table. */
  static List<Mutant> all() {
    Victim rms = new Victim(List.of("norms"), "rms_norm_128", h -> {
      Tensor x = normal(h, DType.F32, Placement.PACKED, 1e-3, 3, 128);
      h.check(new RmsNorm(x, h.vector(Inputs.uniform(2, 128, 0.5, 1.5)), 1e-5f, h.output(DType.F32, 3, 128)), F32_BOUND);
    });
    Victim layer = new Victim(List.of("norms"), "layer_norm_128", h -> {
      Tensor x = normal(h, DType.F32, Placement.PACKED, 1, 3, 128);
      h.check(new LayerNorm(x, h.vector(Inputs.uniform(2, 128, 0.5, 1.5)), Optional.empty(), 1e-5f,
          h.output(DType.F32, 3, 128)), F32_BOUND);
    });
    // More tokens than blocks, so that a block does a second one.
    Victim rope = new Victim(List.of("rope"), "rope", h -> h.check(new Rope(normal(h, DType.F32, Placement.PACKED, 1, 40, 2, 64),
        h.ints(IntStream.range(0, 40).toArray()), Optional.empty(), new Rotation(Rotation.Pairs.HALF_SPLIT, 64, 10_000),
        h.output(DType.F32, 40, 2, 64)), F32_BOUND));
    Victim softmax = new Victim(List.of("softmax"), "softmax_128",
        h -> h.check(new Softmax(normal(h, DType.F32, Placement.PACKED, 1, 2, 37), 1, h.output(DType.F32, 2, 37)), F32_BOUND));
    Victim scale = new Victim(List.of("elementwise"), "scale",
        h -> h.check(new Scale(normal(h, DType.F32, Placement.PACKED, 1, 1, 37), 3, h.output(DType.F32, 1, 37)), F32_BOUND));
    Victim shifted = new Victim(List.of("elementwise"), "scale",
        h -> h.check(new Scale(normal(h, DType.F32, Placement.SHIFTED, 1, 3, 64), 3, h.output(DType.F32, 3, 64)), F32_BOUND));
    Victim gather = new Victim(List.of("gather_rows"), "gather_rows_32",
        h -> h.check(new GatherRows(normal(h, DType.F32, Placement.PACKED, 1, 7, 67), h.ints(6, 0, 7, -1),
            h.output(DType.F32, 4, 67)), EXACT));
    Victim quantize = new Victim(List.of("quantize"), "q8_0",
        h -> h.check(new Quantize(normal(h, DType.F32, Placement.PACKED, 1, 2, 96), h.output(DType.Q8_0, 2, 96)), EXACT));
    // Few rows of a long weight, so that warps share a row.
    Victim gemv = new Victim(List.of("gemv"), "f32, F32, 1", h -> multiply(h, DType.F32, DType.F32, 1, 16, 1031));
    // Enough rows that fewer warps share one, and read what others staged.
    Victim gemvShared = new Victim(List.of("gemv"), "f32, F32, 1", h -> multiply(h, DType.F32, DType.F32, 1, 64, 1031));
    // Rows of whole 16 bytes, which are copied asynchronously.
    Victim gemvRing = new Victim(List.of("gemv"), "f32, F32, 1", h -> multiply(h, DType.F32, DType.F32, 1, 64, 1032));
    Victim gemvF8 = new Victim(List.of("gemv_f8"), "f8_e4m3, F8_E4M3, 1", h -> {
      Tensor w = normal(h, DType.F8_E4M3, Placement.PACKED, 0.07, 16, 512);
      Tensor factors = h.input(DType.F32, Inputs.uniform(5, 4, 0.5, 2), 1, 4);
      h.check(new Matmul(normal(h, DType.F32, Placement.PACKED, 1, 1, 512), w, Optional.of(factors), Optional.empty(), h.output(DType.F32, 1, 16)), F32_BOUND);
    });
    Victim gemvQ4 = new Victim(List.of("gemv_blocks"), "q4_k, Q4_K, 1", h -> multiply(h, DType.F32, DType.Q4_K, 1, 16, 512));
    // Rows of w of whole 16 bytes, which are copied asynchronously, beside such of x as cannot be, and a last step that is not full.
    Victim gemm = new Victim(List.of("gemm"), "half.* 64, 64", h -> h.check(new Matmul(normal(h, DType.F16, Placement.SHIFTED, 1, 41, 104),
        normal(h, DType.F16, Placement.PACKED, 0.07, 67, 104), h.output(DType.F32, 41, 67)), F32_BOUND));
    // More steps than stages.
    Victim copied = new Victim(List.of("gemm_copied"), "half, 64, 64", h -> multiply(h, DType.F16, DType.F16, 41, 67, 232));
    // More bands than blocks, each shared by all warps of a block, so that blocks stay for a second and a third.
    Victim packed = new Victim(List.of("gemm_packed", "repack"), "q4_0, Q4_0(, 1, 1)?\\)", h -> multiplyPrepared(h, 1, 300, 1024));
    Victim slices = new Victim(List.of("gemm_packed", "repack"), "q4_0, Q4_0(, 2, 8)?\\)|packed_sum", h -> multiplyPrepared(h, 33, 37, 1280));
    Victim prefill = new Victim(List.of("attention_prefill_mma"), "f16, gatun::F16, 64",
        h -> new CacheCases(h, Size.ALIGNED).prefill(DType.F16, 64));
    Victim decode = new Victim(List.of("attention_decode", "kv_append"), "\\(64\\)|merge|kv_append",
        h -> new CacheCases(h, Size.ALIGNED).decode(DType.F32, 64, 4));
    Victim ragged = new Victim(List.of("attention_decode", "kv_append"), "\\(64\\)|merge|kv_append",
        h -> new CacheCases(h, Size.ODD).decode(DType.F32, 40, 3));
    Victim rings = new Victim(List.of("attention_decode_mma", "attention_decode", "kv_append"), "f16, gatun::F16, 64, 8|\\(64\\)|merge|kv_append",
        h -> new CacheCases(h, Size.ALIGNED).decode(DType.F16, 64, 4, new int[] {64, 1600}));
    Victim turned = new Victim(List.of("rope_kv_append", "norms", "rope", "kv_append"), "rope|rms_norm_128|kv_append",
        h -> new CacheCases(h, Size.ALIGNED).turnAndAppend());
    Victim raggedRings = new Victim(List.of("attention_decode_mma", "attention_decode", "kv_append"), "f16, gatun::F16, 64, 8|\\(64\\)|merge|kv_append",
        h -> new CacheCases(h, Size.ODD).decode(DType.F16, 40, 3));

    Victim expanded = new Victim(List.of("mla_expand", "mla_attention", "attention_prefill_mma", "kv_append"),
        "mla_begin|[( ]f16, gatun::F16(, 64, 64, 64)?\\)|[( ]f16, F16, 4|kv_append", h -> new CacheCases(h, Size.ALIGNED).latentPrompts(DType.F16));
    Victim route = new Victim(List.of("experts"), "moe_route", Mutants::route);
    Victim streamed = new Victim(List.of("experts", "grouped_gemv"), "q8_0, Q8_0|grouped_sum", h -> experts(h, DType.Q8_0, 2, 1_000_000));
    Victim sorted = new Victim(List.of("experts", "grouped_gemm"), "grouped_sort|bf16.* 64, 64", h -> experts(h, DType.BF16, 75, 5));

    return List.of(
        rms.faulting("block sum without its barrier", SUMS,
            "value;\n    }\n    __syncthreads();\n    value = 0;",
            "value;\n    }\n    value = 0;",
            RACE),
        layer.faulting("block sum twice without a barrier between", SUMS,
            "    __syncthreads();  // the array may still be read by the call before\n",
            "",
            RACE),
        rms.faulting("block sum with a mask of half a warp", SUMS,
            "value += __shfl_xor_sync(0xFFFFFFFFu,",
            "value += __shfl_xor_sync(0x0000FFFFu,",
            "is not in its own mask"),
        rms.differing("block sum that starts at the wrong offset", SUMS,
            "for (int offset = 16;",
            "for (int offset = 8;"),
        rms.differing("rms_norm without epsilon", "kernels/norms.cu",
            "p.width, 0.0f);\n    const float scale = rsqrtf(squares * inverse + p.epsilon);",
            "p.width, 0.0f);\n    const float scale = rsqrtf(squares * inverse);"),
        rope.faulting("rope that fills a table still read", "kernels/rope.cu",
            "    __syncthreads();  // the table may still be read for the token before\n",
            "",
            RACE),
        rope.faulting("rope that reads a table not yet filled", "kernels/rope.cu",
            "    }\n    __syncthreads();\n",
            "    }\n",
            RACE),
        rope.faulting("rope with a barrier for half of its threads", "kernels/rope.cu",
            "    __syncthreads();  // the table may still",
            "    if (threadIdx.x < 64) __syncthreads();  // the table may still",
            "divergent barrier"),
        softmax.differing("softmax that sums one element too many", "kernels/softmax.cu",
            "i < width; i += THREADS) {\n      sum +=",
            "i <= width; i += THREADS) {\n      sum +="),
        scale.differing("elementwise that writes whole vectors past the end", "kernels/elementwise.cu",
            "p.width & ~3 : 0",
            "(p.width + 3) & ~3 : 0"),
        scale.faulting("elementwise without a bound", "kernels/elementwise.cu",
            "i < p.width; i += step",
            "i < p.width + 8 * step; i += step",
            "past the end of allocation"),
        shifted.faulting("vector access without a check of alignment", "include/gatun/vector.cuh",
            "(dtype == F32 ? 15 : 7)",
            "(dtype == F32 ? 3 : 1)",
            "not a multiple of 16"),
        gather.faulting("gather_rows with a bound one too large", "kernels/gather_rows.cu",
            "index < p.size",
            "index <= p.size",
            "past the end of allocation"),
        quantize.differing("quantize that shuffles from one lane", "kernels/quantize.cu",
            "largest = max(largest, __shfl_xor_sync(lanes, largest, offset));",
            "largest = max(largest, __shfl_sync(lanes, largest, static_cast<int>(threadIdx.x) & 24));"),
        gemvShared.faulting("gemv that reads x not yet staged", GEMV,
            "        __syncthreads();\n        staged = true;",
            "        staged = true;",
            RACE),
        gemv.faulting("gemv that sums the warps' parts too early", GEMV,
            "= total;\n      }\n      __syncthreads();",
            "= total;\n      }",
            RACE),
        gemvRing.faulting("gemv that waits for one step too few", GEMV,
            "cp_async_wait<6>();",
            "cp_async_wait<7>();",
            PENDING),
        gemvRing.faulting("gemv without a commit", GEMV,
            "    cp_async_commit();\n    given",
            "    given",
            PENDING),
        gemv.differing("gemv that folds lanes wrongly", GEMV,
            "fold<V / 2, OFFSET / 2>(half, lane)",
            "fold<V / 2, OFFSET / 4>(half, lane)"),
        gemvF8.differing("gemv with the scale of a row's first block", "include/gatun/weights_f8.cuh",
            "piece / (kScaled / P::elements)",
            "piece / (4 * kScaled / P::elements)"),
        gemvQ4.differing("Q4_K with the scale of another group", "include/gatun/weights.cuh",
            "scales_of_pair(head, part & 6,",
            "scales_of_pair(head, part & 4,"),
        gemm.faulting("gemm without its barrier", GEMM,
            "    __syncthreads();  // this stage is filled, and nobody reads the other any more\n",
            "",
            RACE + "|" + PENDING),
        gemm.faulting("gemm without a wait", GEMM,
            "    cp_async_wait<0>();\n",
            "",
            PENDING),
        gemm.faulting("gemm that waits for one group too few", GEMM,
            "cp_async_wait<0>();",
            "cp_async_wait<1>();",
            PENDING),
        gemm.faulting("gemm without a commit", GEMM,
            "    cp_async_commit();\n  };",
            "  };",
            PENDING),
        gemm.differing("gemm that copies whole chunks past a row", GEMM,
            "max(0, min(16, 2 * (p.k - k)))",
            "16"),
        gemm.differing("gemm without its last step", GEMM,
            "const int steps = (p.k + kStep - 1) / kStep;",
            "const int steps = p.k / kStep;"),
        copied.faulting("copied stages without their barrier", COPIED,
            "    __syncthreads();  // this stage is filled, and nobody reads the one before any more\n",
            "",
            RACE + "|" + PENDING),
        copied.faulting("copied stages waited for one too late", COPIED,
            "cp_async_wait<STAGES - 2>();",
            "cp_async_wait<STAGES - 1>();",
            PENDING),
        copied.faulting("copied stages a group too few", COPIED,
            "    cp_async_commit();\n  };",
            "    if (bytes > 0) cp_async_commit();\n  };",
            PENDING),
        packed.faulting("packed matmul that reads x not yet staged", PACKED,
            "        __syncthreads();\n        staged = true;",
            "        staged = true;",
            RACE),
        packed.faulting("packed matmul that sums the warps' parts too early", PACKED,
            "    __syncthreads();\n    summed = true;",
            "    summed = true;",
            RACE),
        packed.faulting("packed matmul that overwrites parts still read", PACKED,
            "      __syncthreads();  // the sums before may still be read\n",
            "",
            RACE),
        packed.differing("packed matmul that begins a block's sum at the wrong centre", "include/gatun/packed.cuh",
            "centre = -136.0f",
            "centre = -135.0f"),
        packed.differing("packed matmul without the second part of x", PACKED,
            "second = finite ? value - first : 0.0f;",
            "second = 0.0f;"),
        slices.differing("packed matmul whose slices of K begin a step too late", PACKED,
            "? blockIdx.z * p.slice : 0",
            "? blockIdx.z * p.slice + 1 : 0"),
        slices.differing("packed matmul that leaves the last slice of K out", PACKED,
            "s < p.slices; s++",
            "s < p.slices - 1; s++"),
        prefill.faulting("attention that multiplies keys too early", TILES,
            "    __syncthreads();  // the keys are there; the values of the tile before are read\n",
            "",
            RACE + "|" + PENDING),
        prefill.faulting("attention that waits for one group too few", TILES,
            "    cp_async_wait<0>();\n    __syncthreads();  // the values",
            "    cp_async_wait<1>();\n    __syncthreads();  // the values",
            PENDING),
        prefill.faulting("attention that sees the next token", ATTENTION,
            "max(0, position + 1)",
            "max(0, position + 2)",
            "past the end of allocation"),
        prefill.differing("attention that does not see its own token", ATTENTION,
            "max(0, position + 1)",
            "max(0, position)"),
        expanded.faulting("keys and values made of rows that are not there yet", EXPANDED,
            "    __syncthreads();  // this stage is filled, and nobody reads the other any more\n",
            "",
            RACE + "|" + PENDING),
        expanded.differing("latent rows but the last of each sequence", EXPANDED,
            "min(last, p.slot_tokens) + 1",
            "min(last, p.slot_tokens)"),
        decode.faulting("decoding that reads other lanes' scores too early", DECODE,
            "    __syncwarp();\n    float score[GROUP];",
            "    float score[GROUP];",
            RACE),
        decode.faulting("merge that reads other ranges' sums too early", DECODE,
            "  __syncthreads();  // the sums are there\n",
            "",
            RACE),
        ragged.differing("decoding of a whole tile where keys end", DECODE,
            "const int count = min(32, to - tile);",
            "const int count = 32;"),
        ragged.differing("decoding past the last key", DECODED,
            "d.to = min(last, d.from + cut.each);",
            "d.to = d.from + cut.each;"),
        rings.faulting("decoding that reads a ring without a wait", RINGS,
            "    cp_async_wait<R::stages - 1>();\n",
            "",
            PENDING),
        rings.faulting("decoding that waits for one step too few", RINGS,
            "cp_async_wait<R::stages - 1>();",
            "cp_async_wait<R::stages>();",
            PENDING),
        rings.faulting("decoding that reads what other lanes brought too early", RINGS,
            "    __syncwarp();  // the step is there for all lanes\n",
            "",
            RACE + "|" + PENDING),
        rings.faulting("decoding that brings a step over one still read", RINGS,
            "    __syncwarp();  // the step is used up\n",
            "",
            RACE),
        rings.faulting("decoding whose sums take the place of rings still read", RINGS,
            "  __syncthreads();  // the rings are used up, and their place is taken by the sums\n",
            "",
            RACE),
        turned.faulting("rope and kv_append that turn by angles not yet there", TURNED,
            "    __syncthreads();  // the angles are there\n",
            "",
            RACE),
        turned.faulting("rope and kv_append that write a row not yet turned", TURNED,
            "      __syncwarp();  // the row is there\n",
            "",
            RACE),
        turned.differing("rope and kv_append without a key's norm", TURNED,
            "const Entering entering{x, p.k.dtype, p.key_weight,",
            "const Entering entering{x, p.k.dtype, nullptr,"),
        raggedRings.differing("a ragged step that scores what lies past the keys", RINGS,
            "e < count ? capped(",
            "e < 16 ? capped("),
        route.faulting("moe_route that scores groups of scores not yet there", EXPERTS,
            "    taken[e] = 0;\n  }\n  __syncwarp(0xFFFFFFFFu);\n",
            "    taken[e] = 0;\n  }\n",
            RACE),
        route.differing("moe_route whose bias weighs", EXPERTS,
            "picked[j] = gates[e];",
            "picked[j] = scores[e];"),
        streamed.faulting("grouped_matmul that trusts its indices", "include/gatun/grouped.cuh",
            "return expert >= 0 && expert < p.experts ? expert : -1;",
            "return expert;",
            "allocation"),
        sorted.faulting("grouped_sort that counts before it has zeros", EXPERTS,
            "    counts[e] = 0;\n  }\n  __syncthreads();\n",
            "    counts[e] = 0;\n  }\n",
            RACE),
        sorted.faulting("grouped_matmul that reads rows not yet looked up", "include/gatun/grouped_gemm.cuh",
            "  __syncthreads();\n  GroupedTile p;",
            "  GroupedTile p;",
            RACE),
        sorted.differing("grouped_sort that leaves the last tile of an expert out", EXPERTS,
            "(rows + p.tile_rows - 1) / p.tile_rows",
            "rows / p.tile_rows"));
  }

  private static Tensor normal(OperatorHarness h, DType type, Placement placement, double spread, long... shape) {
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    return h.fill(h.place(type, placement, shape), Inputs.normal(7, n, spread));
  }

  private static void multiplyPrepared(OperatorHarness h, int m, int n, int k) {
    Tensor w = normal(h, DType.Q4_0, Placement.PACKED, 0.07, n, k);
    Tensor x = normal(h, DType.F32, Placement.PACKED, 1, m, k);
    Tensor y = h.output(DType.F32, m, n);
    h.check(new Matmul(x, w, y), engine -> new Matmul(x, engine.backend().prepare(w, Use.MATMUL).tensor(), y), Host.buffers(),
        RepackedCases.bound(m), true);
  }

  private static void route(OperatorHarness h) {
    MoeRoute.Options options = new MoeRoute.Options(MoeRoute.Gating.SIGMOID, 8, 3, MoeRoute.GroupScore.TOP_TWO, true, 1);
    h.check(new MoeRoute(normal(h, DType.F32, Placement.PACKED, 2, 5, 40), Optional.of(h.vector(Inputs.uniform(2, 40))), options,
        h.output(DType.I32, 5, 6), h.output(DType.F32, 5, 6)), F32_BOUND);
  }

  /** Five experts, and one choice of an expert that is none. */
  private static void experts(OperatorHarness h, DType type, int tokens, int none) {
    Tensor w = normal(h, type, Placement.PACKED, 0.07, 5, 33, 64);
    double[] picks = IntStream.range(0, 2 * tokens).mapToDouble(i -> i == 1 ? none : i % 5).toArray();
    h.check(new GroupedMatmul(normal(h, DType.F32, Placement.PACKED, 1, tokens, 64), w, h.input(DType.I32, picks, tokens, 2),
        h.output(DType.F32, tokens, 2, 33)), F32_BOUND);
  }

  private static void multiply(OperatorHarness h, DType in, DType type, int m, int n, int k) {
    Tensor w = normal(h, type, Placement.PACKED, 0.07, n, k);
    h.check(new Matmul(normal(h, in, Placement.PACKED, 1, m, k), w, h.output(DType.F32, m, n)), F32_BOUND);
  }
}
