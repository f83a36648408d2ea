// argmax, top_k, penalize, sample: choosing among the elements of a row.
#include "gatun/order.cuh"

#define ARGMAX_PARAMS(FIELD)          \
  FIELD(gatun::Rows, x)               \
  FIELD(unsigned long long*, partial) \
  FIELD(int32_t*, y)                  \
  FIELD(int, width)                   \
  FIELD(int, pieces)
GATUN_PARAMS(ArgmaxParams, ARGMAX_PARAMS)

#define TOP_K_PARAMS(FIELD)          \
  FIELD(gatun::Rows, x)              \
  FIELD(gatun::Rows, values)         \
  FIELD(gatun::Rows, indices)        \
  FIELD(unsigned long long*, sorted) \
  FIELD(int, width)                  \
  FIELD(int, k)                      \
  FIELD(int, room)
GATUN_PARAMS(TopKParams, TOP_K_PARAMS)

#define PENALIZE_PARAMS(FIELD)  \
  FIELD(gatun::Rows, x)         \
  FIELD(gatun::Rows, y)         \
  FIELD(gatun::Rows, history)   \
  FIELD(const int32_t*, lengths) \
  FIELD(gatun::Rows, penalties) \
  FIELD(int64_t, length_stride) \
  FIELD(int32_t*, counts)       \
  FIELD(int, width)             \
  FIELD(int, most)
GATUN_PARAMS(PenalizeParams, PENALIZE_PARAMS)

#define SAMPLE_PARAMS(FIELD)       \
  FIELD(gatun::Rows, x)            \
  FIELD(gatun::Rows, controls)     \
  FIELD(gatun::Rows, seeds)        \
  FIELD(const int32_t*, positions) \
  FIELD(int32_t*, ids)             \
  FIELD(int, width)
GATUN_PARAMS(SampleParams, SAMPLE_PARAMS)

namespace gatun {

// The first of each piece of each row: one block would leave most of the device idle while it reads a vocabulary.
template <int THREADS, int PIECE>
__device__ void argmax_pieces(const ArgmaxParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.x.rows();
  const int piece = blockIdx.y;
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    const int end = min(p.width, (piece + 1) * PIECE);
    Key first = last_key;
    float values[PIECE / THREADS];
#pragma unroll
    for (int j = 0; j < PIECE / THREADS; j++) {
      const int i = piece * PIECE + j * THREADS + threadIdx.x;
      values[j] = i < end ? load(x, p.x.dtype, i) : 0.0f;
    }
#pragma unroll
    for (int j = 0; j < PIECE / THREADS; j++) {
      const int i = piece * PIECE + j * THREADS + threadIdx.x;
      const Key key = i < end ? order_key(values[j], i) : last_key;
      first = key < first ? key : first;
    }
    first = block_first<THREADS>(first);
    if (threadIdx.x == 0) {
      p.partial[static_cast<int64_t>(r) * p.pieces + piece] = first;
    }
  }
}

template <int THREADS>
__device__ void argmax_rows(const ArgmaxParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    Key first = last_key;
    for (int i = threadIdx.x; i < p.pieces; i += THREADS) {
      const Key key = p.partial[static_cast<int64_t>(r) * p.pieces + i];
      first = key < first ? key : first;
    }
    first = block_first<THREADS>(first);
    if (threadIdx.x == 0) {
      p.y[r] = key_index(first);
    }
  }
}

// Finds the key of the last that is chosen, collects those up to it in whatever order the threads come, and sorts them: the keys differ, so that the result
// does not depend on that order. `room` is the power of two that holds k; the rest of it is filled with keys that come last.
template <int THREADS>
__device__ void top_k(const TopKParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  GATUN_SHARED(Search, search);
  GATUN_SHARED(int, taken);
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    const auto value = [&](int i) { return load(x, p.x.dtype, i); };
    const Key last = reach<THREADS>(search, p.width, static_cast<unsigned long long>(p.k), value, [](int, Key) { return 1ull; });
    unsigned long long* const sorted = p.sorted + static_cast<int64_t>(r) * p.room;
    if (threadIdx.x == 0) {
      taken = 0;
    }
    for (int i = p.k + threadIdx.x; i < p.room; i += THREADS) {
      sorted[i] = last_key;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < p.width; i += THREADS) {
      const Key key = order_key(value(i), i);
      if (key <= last) {
        sorted[atomicAdd(&taken, 1)] = key;
      }
    }
    __syncthreads();
    for (int run = 2; run <= p.room; run <<= 1) {
      for (int step = run >> 1; step > 0; step >>= 1) {
        for (int pair = threadIdx.x; pair < p.room / 2; pair += THREADS) {
          const int low = pair / step * step * 2 + pair % step;
          const Key a = sorted[low];
          const Key b = sorted[low + step];
          if ((a > b) == ((low & run) == 0)) {
            sorted[low] = b;
            sorted[low + step] = a;
          }
        }
        __syncthreads();
      }
    }
    for (int i = threadIdx.x; i < p.k; i += THREADS) {
      const int index = key_index(sorted[i]);
      reinterpret_cast<float*>(p.values.row(r))[i] = value(index);
      reinterpret_cast<int32_t*>(p.indices.row(r))[i] = index;
    }
    __syncthreads();
  }
}

// Counts each id of the history in a row of counters as wide as the vocabulary, of which only the ids that occur are touched; whoever takes a count away
// lowers that logit.
template <int THREADS>
__device__ void penalize(const PenalizeParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* x = reinterpret_cast<const float*>(p.x.row(r));
    float* y = reinterpret_cast<float*>(p.y.row(r));
    const int32_t* history = reinterpret_cast<const int32_t*>(p.history.row(r));
    const float* penalties = reinterpret_cast<const float*>(p.penalties.row(r));
    const int length = max(0, min(p.lengths[r * p.length_stride], p.most));
    int32_t* counts = p.counts + static_cast<int64_t>(r) * p.width;
    if (x != y) {
      for (int i = threadIdx.x; i < p.width; i += THREADS) {
        y[i] = x[i];
      }
    }
    for (int i = threadIdx.x; i < length; i += THREADS) {
      if (history[i] >= 0 && history[i] < p.width) {
        atomicExch(&counts[history[i]], 0);
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < length; i += THREADS) {
      if (history[i] >= 0 && history[i] < p.width) {
        atomicAdd(&counts[history[i]], 1);
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < length; i += THREADS) {
      const int id = history[i];
      const int count = id >= 0 && id < p.width ? atomicExch(&counts[id], 0) : 0;
      if (count > 0) {
        const float scaled = y[id] > 0 ? y[id] / penalties[0] : y[id] * penalties[0];
        y[id] = scaled - static_cast<float>(count) * penalties[1] - penalties[2];
      }
    }
  }
}

// The first word of Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) at counter (c0, c1, 0, 0) under key (k0, k1).
__device__ __forceinline__ uint32_t philox(uint32_t c0, uint32_t c1, uint32_t k0, uint32_t k1) {
  uint32_t x0 = c0, x1 = c1, x2 = 0, x3 = 0;
#pragma unroll
  for (uint32_t round = 0; round < 10; round++) {
    const uint32_t high0 = __umulhi(0xD2511F53u, x0), low0 = 0xD2511F53u * x0;
    const uint32_t high2 = __umulhi(0xCD9E8D57u, x2), low2 = 0xCD9E8D57u * x2;
    x0 = high2 ^ x1 ^ (k0 + round * 0x9E3779B9u);
    x1 = low2;
    x2 = high0 ^ x3 ^ (k1 + round * 0xBB67AE85u);
    x3 = low0;
  }
  return x0;
}

// One block a row. Weights are exp((x - largest) / temperature) in steps of 2^-40, as integers: a vocabulary of 2^20 sums to less than 2^61, and what the steps lose is
// below what float32 loses in exp.
template <int THREADS>
__device__ void sample(const SampleParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  GATUN_SHARED(Search, search);
  GATUN_SHARED(unsigned long long, sum);
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* x = reinterpret_cast<const float*>(p.x.row(r));
    const float* controls = reinterpret_cast<const float*>(p.controls.row(r));
    const uint32_t* seeds = reinterpret_cast<const uint32_t*>(p.seeds.row(r));
    const float temperature = controls[0], top_p = controls[1], min_p = controls[2], top_k = controls[3];
    Key first = last_key;
    for (int i = threadIdx.x; i < p.width; i += THREADS) {
      const Key key = order_key(x[i], i);
      first = key < first ? key : first;
    }
    first = block_first<THREADS>(first);
    const float largest = x[key_index(first)];
    if (!(temperature > 0) || !(fabsf(largest) < INFINITY)) {
      if (threadIdx.x == 0) {
        p.ids[r] = key_index(first);
      }
      continue;
    }
    const float scale = fminf(3.402823466e+38f, 1.0f / temperature);
    const auto value = [&](int i) { return x[i]; };
    const auto weigh = [&](int i) { return expf((x[i] - largest) * scale); };
    const auto steps = [](float weight) { return static_cast<unsigned long long>(weight * 1099511627776.0f); };
    const auto total = [&](Key last, float least) {
      __syncthreads();
      if (threadIdx.x == 0) {
        sum = 0;
      }
      __syncthreads();
      unsigned long long mine = 0;
      for (int i = threadIdx.x; i < p.width; i += THREADS) {
        const float weight = weigh(i);
        mine += order_key(x[i], i) <= last && weight >= least ? steps(weight) : 0;
      }
      atomicAdd(&sum, mine);
      __syncthreads();
      return sum;
    };
    Key last = last_key;
    if (top_k >= 1 && top_k < static_cast<float>(p.width)) {
      last = reach<THREADS>(search, p.width, static_cast<unsigned long long>(top_k), value, [](int, Key) { return 1ull; });
    }
    if (top_p < 1) {
      // At least one step, so that the first always stays; a NaN counts as 0.
      const double wanted = top_p > 0 ? static_cast<double>(top_p) * static_cast<double>(total(last, 0)) : 0;
      const unsigned long long reached = static_cast<unsigned long long>(ceil(wanted));
      const Key shortest = reach<THREADS>(search, p.width, reached > 0 ? reached : 1, value,
                                          [&](int i, Key key) { return key <= last ? steps(weigh(i)) : 0; });
      last = shortest < last ? shortest : last;
    }
    // The first has weight 1, and min_p over 1 leaves it alone.
    const float least = min_p > 0 ? fminf(min_p, 1.0f) : 0;
    const uint32_t word = philox(static_cast<uint32_t>(p.positions[r]), seeds[2], seeds[0], seeds[1]);
    const double share = static_cast<double>(word >> 8) * 5.9604644775390625e-8;
    const unsigned long long target = static_cast<unsigned long long>(share * static_cast<double>(total(last, least))) + 1;
    const Key drawn = reach<THREADS>(search, p.width, target, value,
                                     [&](int i, Key key) {
                                       const float weight = weigh(i);
                                       return key <= last && weight >= least ? steps(weight) : 0;
                                     });
    if (threadIdx.x == 0) {
      p.ids[r] = key_index(drawn == last_key ? first : drawn);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(argmax_pieces, ArgmaxParams, 256, gatun::argmax_pieces<256, 1024>)
GATUN_TILE(argmax_pieces, piece, 1024)
GATUN_TILE(argmax_pieces, programmatic, 1)
GATUN_KERNEL(argmax_rows, ArgmaxParams, 128, gatun::argmax_rows<128>)
GATUN_TILE(argmax_rows, programmatic, 1)
GATUN_KERNEL(top_k, TopKParams, 512, gatun::top_k<512>)
GATUN_TILE(top_k, programmatic, 1)
GATUN_KERNEL(penalize, PenalizeParams, 256, gatun::penalize<256>)
GATUN_TILE(penalize, programmatic, 1)
GATUN_KERNEL(sample, SampleParams, 512, gatun::sample<512>)
GATUN_TILE(sample, programmatic, 1)
