// y[c, n] = sum over k of x[c / sharing, k]·w[expert(c), n, k], plus bias[expert(c), n], for few choices c: matmul's kernel for one row of x (gatun/gemv.cuh), a
// row of the grid to a choice, its blocks over the weight rows of that choice's expert. Weights of experts that nobody chose are not touched; those that two
// choices share are brought twice, the second time from the L2 where the blocks run side by side.
//
// Which expert it is another kernel says, so that no weight is asked for before that one is done.
//
// Bytes: of w the experts chosen, x and y once; flops: 2·choices·N·K. The floor is the bytes over memory bandwidth.
#pragma once

#include "gatun/gemv.cuh"
#include "gatun/grouped.cuh"

#define GROUPED_GEMV_PARAMS(FIELD) \
  GROUPED_PARAMS(FIELD)            \
  FIELD(int, split)                \
  FIELD(int, room)                 \
  FIELD(int, stages)
GATUN_PARAMS(GroupedGemvParams, GROUPED_GEMV_PARAMS)

namespace gatun {

// What becomes of a sum: bias and rounding. gatun/gemv.cuh's own looks for the place among those of three weights, which here would keep the parameters in memory.
struct StoreOfOne {
  static __device__ __forceinline__ float apply(const GemvParams& p, int, int64_t row, float sum) {
    if (row < p.n) {
      store(p.y.base, p.y.dtype, row, p.bias == nullptr ? sum : sum + p.bias[row]);
    }
    return sum;
  }

  static __device__ __forceinline__ void apply_unit(const GemvParams&, int, int64_t, float, float) {}
};

template <DType T>
__device__ __forceinline__ void grouped_gemv(const GroupedGemvParams& g) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int choice = blockIdx.y;
  if (choice >= g.y.size0() * g.each) {
    return;
  }
  const int expert = chosen_expert(g, choice);
  if (expert < 0) {
    answer_nan(g, choice, blockIdx.x * kGemvThreads + threadIdx.x, gridDim.x * kGemvThreads);
    return;
  }
  GemvParams p{};
  // Rows of x and y are counted along the grid there: without strides all are this one.
  p.x.base = g.x.row(choice / g.sharing);
  p.x.bound = choice + 1;
  p.x.dtype = g.x.dtype;
  p.y.base = g.y.row(choice);
  p.y.dtype = g.y.dtype;
  p.w = g.w + expert * g.w_expert;
  p.w_stride = g.w_stride;
  p.bias = g.bias == nullptr ? nullptr : g.bias + expert * g.bias_expert;
  p.n = g.n;
  p.k = g.k;
  p.split = g.split;
  p.room = g.room;
  p.stages = g.stages;
  gemv_by<Multiplied<T>, typename Multiplied<T>::Feed, 1, StoreOfOne>(p);
}

}  // namespace gatun

// Of an instance the host must know what it must know of GATUN_GEMV's.
#define GATUN_GROUPED_GEMV(NAME, TYPE)                                                                                                     \
  GATUN_RESIDENT_KERNEL(grouped_gemv_##NAME, GroupedGemvParams, gatun::kGemvThreads, gatun::gemv_resident(1), gatun::grouped_gemv<gatun::TYPE>) \
  GATUN_TILE(grouped_gemv_##NAME, rows, 1)                                                                                                 \
  GATUN_TILE(grouped_gemv_##NAME, team, gatun::kGemvTeamRows)                                                                              \
  GATUN_TILE(grouped_gemv_##NAME, scratch, 2 * gatun::kGemvWarps * gatun::kGemvTeamRows * 4)                                               \
  GATUN_TILE(grouped_gemv_##NAME, span, gatun::Multiplied<gatun::TYPE>::span)                                                              \
  GATUN_TILE(grouped_gemv_##NAME, pieces, gatun::Multiplied<gatun::TYPE>::per_span)                                                        \
  GATUN_TILE(grouped_gemv_##NAME, elements, gatun::Multiplied<gatun::TYPE>::elements)                                                      \
  GATUN_TILE(grouped_gemv_##NAME, ahead, gatun::Multiplied<gatun::TYPE>::ahead)                                                            \
  GATUN_TILE(grouped_gemv_##NAME, stage, gatun::Dense<gatun::TYPE>::is ? 16 * gatun::kGemvTeamRows * gatun::kGemvThreads : 0)              \
  GATUN_TILE(grouped_gemv_##NAME, resident, gatun::gemv_resident(1))                                                                       \
  GATUN_TILE(grouped_gemv_##NAME, programmatic, 1)
