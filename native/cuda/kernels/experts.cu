// moe_route: the experts of a token, a warp a token. grouped_sort, grouped_sum: what comes before and after the products of grouped_matmul.
#include "gatun/grouped.cuh"
#include "gatun/order.cuh"

#define MOE_ROUTE_PARAMS(FIELD)  \
  FIELD(gatun::Rows, logits)     \
  FIELD(gatun::Rows, chosen)     \
  FIELD(gatun::Rows, weights)    \
  FIELD(const float*, bias)      \
  FIELD(int, experts)            \
  FIELD(int, each)               \
  FIELD(int, gating)             \
  FIELD(int, groups)             \
  FIELD(int, groups_chosen)      \
  FIELD(int, top_two)            \
  FIELD(int, normalize)          \
  FIELD(float, least_sum)        \
  FIELD(float, factor)
GATUN_PARAMS(MoeRouteParams, MOE_ROUTE_PARAMS)

// `list` as gatun/grouped_gemm.cuh has it; `tile_rows` choices are a tile at most.
#define GROUPED_SORT_PARAMS(FIELD) \
  FIELD(gatun::Rows, chosen)       \
  FIELD(gatun::Rows, y)            \
  FIELD(int32_t*, list)            \
  FIELD(int32_t*, order)           \
  FIELD(int, experts)              \
  FIELD(int, each)                 \
  FIELD(int, tile_rows)            \
  FIELD(int, n)
GATUN_PARAMS(GroupedSortParams, GROUPED_SORT_PARAMS)

#define GROUPED_SUM_PARAMS(FIELD)  \
  FIELD(gatun::Rows, gates)        \
  FIELD(gatun::Rows, y)            \
  FIELD(const float*, products)    \
  FIELD(int, each)                 \
  FIELD(int, n)
GATUN_PARAMS(GroupedSumParams, GROUPED_SUM_PARAMS)

namespace gatun {

// `gating`: from a logit to the gate, in the order of the operator's.
enum Gating : int { kSoftmax, kSigmoid, kSoftmaxOfChosen };

__device__ __forceinline__ Key warp_first(Key key) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    const Key other = __shfl_xor_sync(0xFFFFFFFFu, key, offset);
    key = other < key ? other : key;
  }
  return key;
}

__device__ __forceinline__ float warp_total(float value) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    value += __shfl_xor_sync(0xFFFFFFFFu, value, offset);
  }
  return value;
}

__device__ __forceinline__ float warp_most(float value) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFu, value, offset));
  }
  return value;
}

// Softmax of n numbers in shared memory, in place. A NaN or an infinity makes all of them NaN.
__device__ __forceinline__ void warp_softmax(float* x, int n) {
  const int lane = threadIdx.x % 32;
  float most = -INFINITY;
  for (int i = lane; i < n; i += 32) {
    most = fmaxf(most, x[i]);
  }
  most = warp_most(most);
  float sum = 0;
  for (int i = lane; i < n; i += 32) {
    x[i] = expf(x[i] - most);
    sum += x[i];
  }
  sum = warp_total(sum);
  for (int i = lane; i < n; i += 32) {
    x[i] = x[i] / sum;
  }
}

// The score of a group: its highest, or the sum of its two highest.
__device__ __forceinline__ float group_score(const float* scores, int size, bool two) {
  Key first = last_key, second = last_key;
  for (int i = 0; i < size; i++) {
    const Key key = order_key(scores[i], i);
    if (key < first) {
      second = first;
      first = key;
    } else if (key < second) {
      second = key;
    }
  }
  const float best = scores[key_index(first)];
  return two && size > 1 ? best + scores[key_index(second)] : best;
}

// Of `count` numbers the first `wanted` in order, one after the other; those whose flag is not 0 do not take part, and get one once they are chosen.
template <class Take>
__device__ __forceinline__ void warp_choose(const float* scores, int32_t* taken, int count, int wanted, Take take) {
  const int lane = threadIdx.x % 32;
  for (int j = 0; j < wanted; j++) {
    Key best = last_key;
    for (int i = lane; i < count; i += 32) {
      if (taken[i] == 0) {
        const Key key = order_key(scores[i], i);
        best = key < best ? key : best;
      }
    }
    const int index = key_index(warp_first(best));
    if (lane == index % 32) {
      taken[index] = 1;
      take(j, index);
    }
    __syncwarp(0xFFFFFFFFu);
  }
}

// Shared memory: a gate, a score and a flag for each expert; a score and a flag for each group; a weight for each that is chosen.
__device__ __forceinline__ void moe_route(const MoeRouteParams& p) {
  GATUN_DYNAMIC_SHARED(float, shared);
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int token = blockIdx.x;
  if (token >= p.logits.size0()) {
    return;
  }
  const int lane = threadIdx.x;
  const int n = p.experts;
  float* const gates = shared;
  float* const scores = gates + n;
  int32_t* const taken = reinterpret_cast<int32_t*>(scores + n);
  float* const group_scores = reinterpret_cast<float*>(taken + n);
  int32_t* const group_taken = reinterpret_cast<int32_t*>(group_scores + p.groups);
  float* const picked = reinterpret_cast<float*>(group_taken + p.groups);
  const float* const logits = reinterpret_cast<const float*>(p.logits.row(token));
  for (int e = lane; e < n; e += 32) {
    gates[e] = p.gating == kSigmoid ? 1.0f / (1.0f + expf(-logits[e])) : logits[e];
  }
  __syncwarp(0xFFFFFFFFu);
  if (p.gating == kSoftmax) {
    warp_softmax(gates, n);
    __syncwarp(0xFFFFFFFFu);
  }
  for (int e = lane; e < n; e += 32) {
    scores[e] = p.bias == nullptr ? logits[e] : gates[e] + p.bias[e];
    taken[e] = 0;
  }
  __syncwarp(0xFFFFFFFFu);
  if (p.groups_chosen < p.groups) {
    const int size = n / p.groups;
    const float* const from = p.top_two != 0 && p.bias == nullptr ? gates : scores;
    for (int g = lane; g < p.groups; g += 32) {
      group_scores[g] = group_score(from + g * size, size, p.top_two != 0);
      group_taken[g] = 0;
    }
    __syncwarp(0xFFFFFFFFu);
    warp_choose(group_scores, group_taken, p.groups, p.groups_chosen, [](int, int) {});
    for (int e = lane; e < n; e += 32) {
      taken[e] = group_taken[e / size] == 0;
    }
    __syncwarp(0xFFFFFFFFu);
  }
  int32_t* const chosen = reinterpret_cast<int32_t*>(p.chosen.row(token));
  warp_choose(scores, taken, n, p.each, [&](int j, int e) {
    chosen[j] = e;
    picked[j] = gates[e];
  });
  if (p.gating == kSoftmaxOfChosen) {
    warp_softmax(picked, p.each);
    __syncwarp(0xFFFFFFFFu);
  }
  float sum = 0;
  for (int j = 0; j < p.each && p.normalize != 0; j++) {
    sum += picked[j];
  }
  const float divisor = p.normalize == 0 ? 1.0f : sum < p.least_sum ? p.least_sum : sum;  // a NaN stays
  float* const weights = reinterpret_cast<float*>(p.weights.row(token));
  for (int j = lane; j < p.each; j += 32) {
    weights[j] = picked[j] / divisor * p.factor;
  }
}

constexpr int kSortThreads = 512;

// One block: choices by expert. In which order an expert's are is no matter, since a row's sums depend on nothing but the row. Shared memory: a number an expert.
__device__ __forceinline__ void grouped_sort(const GroupedSortParams& p) {
  GATUN_DYNAMIC_SHARED(int32_t, counts);
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int thread = threadIdx.x;
  const int choices = p.chosen.size0() * p.each;
  for (int e = thread; e < p.experts; e += kSortThreads) {
    counts[e] = 0;
  }
  __syncthreads();
  for (int c = thread; c < choices; c += kSortThreads) {
    const int e = chosen_expert(p, c);
    if (e >= 0) {
      atomicAdd(&counts[e], 1);
    }
  }
  __syncthreads();
  if (thread < 32) {
    int rows_before = 0;
    int tiles_before = 0;
    for (int e0 = 0; e0 < p.experts; e0 += 32) {
      const int e = e0 + thread;
      const int rows = e < p.experts ? counts[e] : 0;
      const int tiles = (rows + p.tile_rows - 1) / p.tile_rows;
      int rows_to = rows;
      int tiles_to = tiles;
      for (int offset = 1; offset < 32; offset <<= 1) {
        const int more_rows = __shfl_up_sync(0xFFFFFFFFu, rows_to, offset);
        const int more_tiles = __shfl_up_sync(0xFFFFFFFFu, tiles_to, offset);
        rows_to += thread >= offset ? more_rows : 0;
        tiles_to += thread >= offset ? more_tiles : 0;
      }
      const int first = rows_before + rows_to - rows;
      if (e < p.experts) {
        counts[e] = first;
      }
      for (int i = 0; i < tiles; i++) {
        int32_t* const entry = p.list + 4 * (1 + tiles_before + tiles_to - tiles + i);
        entry[0] = e;
        entry[1] = first + i * p.tile_rows;
        entry[2] = min(p.tile_rows, rows - i * p.tile_rows);
      }
      rows_before += __shfl_sync(0xFFFFFFFFu, rows_to, 31);
      tiles_before += __shfl_sync(0xFFFFFFFFu, tiles_to, 31);
    }
    if (thread == 0) {
      p.list[0] = tiles_before;
    }
  }
  __syncthreads();
  for (int c = thread; c < choices; c += kSortThreads) {
    const int e = chosen_expert(p, c);
    if (e >= 0) {
      p.order[atomicAdd(&counts[e], 1)] = c;
    }
  }
  for (int c = thread / 32; c < choices; c += kSortThreads / 32) {
    if (chosen_expert(p, c) < 0) {
      answer_nan(p, c, thread % 32, 32);
    }
  }
}

// y[t, n] = sum over j of gates[t, j]·products[t·each + j, n], j ascending. A thread an element.
__device__ __forceinline__ void grouped_sum(const GroupedSumParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int tokens = p.y.size0();
  const int per_token = static_cast<int>(gridDim.x);
  for (int t = blockIdx.y; t < tokens; t += gridDim.y) {
    const float* const gates = reinterpret_cast<const float*>(p.gates.row(t));
    char* const y = p.y.row(t);
    for (int n = blockIdx.x * 256 + threadIdx.x; n < p.n; n += per_token * 256) {
      const float* const from = p.products + static_cast<int64_t>(t) * p.each * p.n + n;
      float sum = gates[0] * from[0];
      for (int j = 1; j < p.each; j++) {
        sum = fmaf(gates[j], from[static_cast<int64_t>(j) * p.n], sum);
      }
      store(y, p.y.dtype, n, sum);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(moe_route, MoeRouteParams, 32, gatun::moe_route)
GATUN_TILE(moe_route, programmatic, 1)
GATUN_KERNEL(grouped_sort, GroupedSortParams, gatun::kSortThreads, gatun::grouped_sort)
GATUN_TILE(grouped_sort, programmatic, 1)
GATUN_KERNEL(grouped_sum, GroupedSumParams, 256, gatun::grouped_sum)
GATUN_TILE(grouped_sum, programmatic, 1)
