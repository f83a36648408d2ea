// The products of latent attention before and after it: every head's rows by that head's own weight, y[t][h] = w[h] x[t][h].
//
// Bytes: the weights once for four tokens, 2 R (N + V) of them a head in 16 bits, which bound a step of few tokens. A weight lies as GGUF has it: rows along x
// (mla_rows), or along y (mla_columns), as the keys' half of attn_kv_b does. y may have room after each row for another tensor's row, which is copied there: the
// part of a query that carries the position stands beside the part that went through W_uk.
#include "gatun/groups.cuh"

#define MLA_HEADS_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)         \
  FIELD(gatun::Rows, y)         \
  FIELD(gatun::Rows, tail)      \
  FIELD(const char*, w)         \
  FIELD(int64_t, w_head)        \
  FIELD(int64_t, w_row)         \
  FIELD(int, heads)             \
  FIELD(int, in)                \
  FIELD(int, out)               \
  FIELD(int, tail_size)         \
  FIELD(gatun::DType, w_type)
GATUN_PARAMS(MlaHeadsParams, MLA_HEADS_PARAMS)

namespace gatun {

constexpr int kTokens = 4;  // that share what is read of a weight

// Elements 8g to 8g + 7 of a weight's row of `size`, zeros past its end.
template <DType T>
__device__ __forceinline__ void weight_group_of(const char* row, int g, int size, float (&out)[8]) {
  if (g * 8 + 8 <= size) {
    load_group<T>(row, g, out);
  } else {
    for (int e = 0; e < 8; e++) {
      out[e] = g * 8 + e < size ? Format<T>::decode(row, g * 8 + e) : 0.0f;
    }
  }
}

__device__ __forceinline__ void weight_group(const char* row, DType type, int g, int size, float (&out)[8]) {
  switch (type) {
    case F16:
      return weight_group_of<F16>(row, g, size, out);
    case BF16:
      return weight_group_of<BF16>(row, g, size, out);
    default:
      return weight_group_of<F32>(row, g, size, out);
  }
}

__device__ __forceinline__ const char* row_of(const Rows& rows, int token, int head) { return rows.base + token * rows.stride[0] + head * rows.stride[1]; }

// The tail of `kTokens` tokens of a head.
template <int THREADS>
__device__ __forceinline__ void copy_tail(const MlaHeadsParams& p, int token, int tokens, int head) {
  for (int i = threadIdx.x; i < kTokens * p.tail_size; i += THREADS) {
    const int t = token + i / p.tail_size;
    const int at = i % p.tail_size;
    if (t < tokens) {
      store(const_cast<char*>(row_of(p.y, t, head)), p.y.dtype, p.out + at, load(row_of(p.tail, t, head), p.tail.dtype, at));
    }
  }
}

// A unit is four tokens, a head and 64 rows of its weight; sixteen lanes have a row.
template <int THREADS>
__device__ void mla_rows(const MlaHeadsParams& p) {
  constexpr int LANES = 16;
  constexpr int ROWS = 64;
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int tokens = p.x.size0();
  const int tiles = (p.out + ROWS - 1) / ROWS;
  const int64_t units = static_cast<int64_t>((tokens + kTokens - 1) / kTokens) * p.heads * tiles;
  const int lane = threadIdx.x % LANES;
  const int groups = (p.in + 7) / 8;
  for (int64_t unit = blockIdx.x; unit < units; unit += gridDim.x) {
    const int tile = static_cast<int>(unit % tiles);
    const int head = static_cast<int>(unit / tiles % p.heads);
    const int token = static_cast<int>(unit / tiles / p.heads) * kTokens;
    if (tile == 0 && p.tail_size > 0) {
      copy_tail<THREADS>(p, token, tokens, head);
    }
    for (int first = 0; first < ROWS; first += THREADS / LANES) {  // the same in the whole block, so that lanes meet in the sums
      const int row = tile * ROWS + first + static_cast<int>(threadIdx.x) / LANES;
      float sum[kTokens] = {};
      for (int g = lane; g < groups && row < p.out; g += LANES) {
        float w[8];
        weight_group(p.w + head * p.w_head + row * p.w_row, p.w_type, g, p.in, w);
        for (int t = 0; t < kTokens; t++) {
          const char* x = row_of(p.x, min(token + t, tokens - 1), head);
          for (int e = 0; e < 8; e++) {
            if (g * 8 + e < p.in) {
              sum[t] += w[e] * load(x, p.x.dtype, g * 8 + e);
            }
          }
        }
      }
      for (int t = 0; t < kTokens; t++) {
        for (int offset = LANES / 2; offset > 0; offset >>= 1) {
          sum[t] += __shfl_xor_sync(0xFFFFFFFFu, sum[t], offset);
        }
        if (lane == 0 && row < p.out && token + t < tokens) {
          store(const_cast<char*>(row_of(p.y, token + t, head)), p.y.dtype, row, sum[t]);
        }
      }
    }
  }
}

// A unit is four tokens, a head and 256 columns of its weight; a warp has every eighth row, a lane eight columns.
template <int THREADS>
__device__ void mla_columns(const MlaHeadsParams& p) {
  constexpr int WARPS = THREADS / 32;
  constexpr int COLUMNS = 256;
  GATUN_SHARED(float[WARPS * COLUMNS], sums);
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int tokens = p.x.size0();
  const int tiles = (p.out + COLUMNS - 1) / COLUMNS;
  const int64_t units = static_cast<int64_t>((tokens + kTokens - 1) / kTokens) * p.heads * tiles;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  for (int64_t unit = blockIdx.x; unit < units; unit += gridDim.x) {
    const int tile = static_cast<int>(unit % tiles);
    const int head = static_cast<int>(unit / tiles % p.heads);
    const int token = static_cast<int>(unit / tiles / p.heads) * kTokens;
    if (tile == 0 && p.tail_size > 0) {
      copy_tail<THREADS>(p, token, tokens, head);
    }
    const int g = tile * (COLUMNS / 8) + lane;
    float sum[kTokens][8] = {};
    for (int row = warp; row < p.in && g * 8 < p.out; row += WARPS) {
      float w[8];
      weight_group(p.w + head * p.w_head + row * p.w_row, p.w_type, g, p.out, w);
      for (int t = 0; t < kTokens; t++) {
        const float x = load(row_of(p.x, min(token + t, tokens - 1), head), p.x.dtype, row);
        for (int e = 0; e < 8; e++) {
          sum[t][e] += x * w[e];
        }
      }
    }
    for (int t = 0; t < kTokens; t++) {
      __syncthreads();  // the sums of the token before are read
      for (int e = 0; e < 8; e++) {
        sums[warp * COLUMNS + lane * 8 + e] = sum[t][e];
      }
      __syncthreads();
      for (int i = threadIdx.x; i < COLUMNS; i += THREADS) {
        float total = 0;
        for (int other = 0; other < WARPS; other++) {
          total += sums[other * COLUMNS + i];
        }
        if (tile * COLUMNS + i < p.out && token + t < tokens) {
          store(const_cast<char*>(row_of(p.y, token + t, head)), p.y.dtype, tile * COLUMNS + i, total);
        }
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(mla_rows_256, MlaHeadsParams, 256, gatun::mla_rows<256>)
GATUN_TILE(mla_rows_256, programmatic, 1)
GATUN_KERNEL(mla_columns_256, MlaHeadsParams, 256, gatun::mla_columns<256>)
GATUN_TILE(mla_columns_256, programmatic, 1)
