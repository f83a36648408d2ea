package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.conformance.Mutant.Victim;
import dev.gatun.tck.oracle.Inputs;
import java.util.List;

/** Mistakes in kernels that only a device with warpgroups and the copy engine runs, and what catches each. */
final class WarpgroupMutants {
  private static final String GEMM = "include/gatun/gemm_warpgroup.cuh";

  /** What a missing wait shows as depends on how threads happen to run. */
  private static final String RACE = "race: |that no thread has written|under way|was never waited for";

  private WarpgroupMutants() {}

  /** The table. */
  static List<Mutant> all() {
    // More steps than stages, and more tiles than blocks.
    Victim together = new Victim(List.of("gemm_warpgroup"), "bf16, (192|128), 256|bf16, 128, 128|bf16, 64, 128", h -> multiply(h, DType.BF16, 384, 256, 448));
    Victim turns = new Victim(List.of("gemm_warpgroup"), "bf16, (192|128), 256|bf16, 128, 128|bf16, 64, 128", h -> multiply(h, DType.BF16, 260, 520, 712));
    Victim split = new Victim(List.of("gemm_warpgroup", "gemm_ends"), "split, |bf16_parts|add_splits", h -> multiply(h, DType.F32, 13, 40, 1040));
    return List.of(
        together.faulting("products of pieces that have not come", GEMM,
            "      mbarrier_wait(full + place.stage, place.parity);\n",
            "",
            RACE),
        together.faulting("pieces over those that are still read", GEMM,
            "      mbarrier_wait(empty + place.stage, place.parity ^ 1);  // of a ring never used all phases before the first have ended\n",
            "",
            RACE),
        together.faulting("a stage handed back before its products are done", GEMM,
            "        wgmma_wait<1>();  // the stage before is read\n",
            "",
            RACE),
        together.faulting("sums read while products are under way", GEMM,
            "    wgmma_wait<0>();\n#pragma unroll\n    for (int i = 0; i < Tile::products; i++) {\n      wgmma_pin",
            "#pragma unroll\n    for (int i = 0; i < Tile::products; i++) {\n      wgmma_pin",
            RACE),
        together.faulting("products without their fence", GEMM,
            "  wgmma_fence();\n",
            "",
            "fence"),
        together.faulting("barriers used before they are there", GEMM,
            "  __syncthreads();\n  const int warpgroup",
            "  const int warpgroup",
            RACE + "|barrier"),
        turns.faulting("a turn taken early", GEMM,
            "        mbarrier_wait(turns + own, (turn - 1) / 2 & 1);\n",
            "",
            RACE),
        together.differing("sums that begin with those of the tile before", GEMM,
            "const bool add = !first || k > 0 || part > 0;",
            "const bool add = true;"),
        split.differing("the second part of x left out", GEMM,
            "x + part * Tile::x_bytes + m",
            "x + m"),
        split.differing("splits added but the last", "kernels/gemm_ends.cu",
            "s < p.splits; s++",
            "s < p.splits - 1; s++"));
  }

  private static void multiply(OperatorHarness h, DType in, int m, int n, int k) {
    Tensor x = h.fill(h.place(in, Placement.PACKED, m, k), Inputs.normal(7, m * k, 1));
    Tensor w = h.fill(h.place(DType.BF16, Placement.PACKED, n, k), Inputs.normal(8, n * k, 0.07));
    h.check(new Matmul(x, w, h.output(DType.F32, m, n)), F32_BOUND);
  }
}
