// repack: rows of blocks to the layout of gatun/packed.cuh, and rows of that layout looked up (embedding: y[t] = w[indices[t]], NaN where an index is outside w).
// The repack reads and writes every byte of the weight once; a thread makes the 16 bytes of codes that a lane of a matmul loads at a time, or a row's scales of a
// block. Done once at load; the floor is twice the weight's bytes over the copy bandwidth.
#include "gatun/groups.cuh"
#include "gatun/packed.cuh"

#define REPACK_PARAMS(FIELD) \
  FIELD(const char*, w)      \
  FIELD(int64_t, w_stride)   \
  FIELD(char*, to)           \
  FIELD(int, n)              \
  FIELD(int, k)
GATUN_PARAMS(RepackParams, REPACK_PARAMS)

#define LOOK_UP_PARAMS(FIELD)    \
  FIELD(const char*, w)          \
  FIELD(gatun::Rows, y)          \
  FIELD(const int32_t*, indices) \
  FIELD(int, n)                  \
  FIELD(int, k)
GATUN_PARAMS(LookUpParams, LOOK_UP_PARAMS)

namespace gatun {

// The eight codes of group q of a row, zeros outside w.
template <DType T>
__device__ __forceinline__ void row_codes(const RepackParams& p, int64_t row, int q, uint32_t (&w)[2]) {
  using F = Format<T>;
  w[0] = 0;
  w[1] = 0;
  if (row < p.n && 8 * q < p.k) {
    constexpr int groups = F::block / 8;
    F::template codes<F::alignment>(reinterpret_cast<const unsigned char*>(p.w) + row * p.w_stride + static_cast<int64_t>(q / groups) * F::block_bytes,
                                    q % groups, w);
    if constexpr (Packed<T>::bits == 8) {
      w[0] ^= 0x80808080u;
      w[1] ^= 0x80808080u;
    }
  }
}

template <DType T, int THREADS>
__device__ void repack(const RepackParams& p) {
  using P = Packed<T>;
  using F = Format<T>;
  constexpr int blocks = P::bits == 4 ? 2 : 1;  // of 32, that 16 bytes a lane are
  const int steps = (p.k + P::step - 1) / P::step;
  const int64_t bands = (static_cast<int64_t>(p.n) + kBand - 1) / kBand;
  const int64_t bytes = band_bytes<P>(p.k);
  const int64_t step = static_cast<int64_t>(gridDim.x) * THREADS;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x;
  const int64_t chunks = static_cast<int64_t>(steps) * (P::code_bytes / 16);  // of a band
  for (int64_t i = first; i < bands * chunks; i += step) {
    const int64_t band = i / chunks;
    const int64_t chunk = i - band * chunks;
    const int lane = static_cast<int>(chunk % 32);
    const int64_t row = band * kBand + lane / 4;
    uint32_t words[4];
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      const int q = static_cast<int>(chunk / 32 * blocks + b) * 4 + lane % 4;
      uint32_t upper[2], lower[2];
      row_codes<T>(p, row, q, upper);
      row_codes<T>(p, row + 8, q, lower);
#pragma unroll
      for (int s = 0; s < 2; s++) {
        if constexpr (P::bits == 4) {
          words[2 * b + s] = exchanged(upper[s]) | exchanged(lower[s]) << 4;
        } else {
          words[2 * s] = exchanged(upper[s]);
          words[2 * s + 1] = exchanged(lower[s]);
        }
      }
    }
    *reinterpret_cast<uint4*>(p.to + band * bytes + chunk * 16) = make_uint4(words[0], words[1], words[2], words[3]);
  }
  constexpr int each = T == Q4_K ? 16 : 2;  // bytes of scales of a row's block
  const int64_t scales = static_cast<int64_t>(steps) * (P::scale_bytes / each);
  for (int64_t i = first; i < bands * scales; i += step) {
    const int64_t band = i / scales;
    const int at = static_cast<int>(i - band * scales);
    const int64_t row = band * kBand + at % kBand;
    const int block = at / kBand;
    const bool there = row < p.n && block * F::block < p.k;
    const char* from = p.w + row * p.w_stride + static_cast<int64_t>(block) * F::block_bytes;
    char* to = p.to + band * bytes + static_cast<int64_t>(steps) * P::code_bytes + scale_place<T>(at % kBand, T == Q4_K ? 8 * block : block);
#pragma unroll
    for (int h = 0; h < each; h += 2) {
      *reinterpret_cast<uint16_t*>(to + h) = there ? *reinterpret_cast<const uint16_t*>(from + h) : static_cast<uint16_t>(0);
    }
  }
}

// Elements 8q to 8q + 7 of a row, to the bit what rows of blocks give.
template <DType T>
__device__ __forceinline__ void packed_group(const LookUpParams& p, int64_t row, int q, float (&v)[8]) {
  using P = Packed<T>;
  using F = Format<T>;
  const int within = static_cast<int>(row % kBand);
  const int steps = (p.k + P::step - 1) / P::step;
  const char* band = p.w + row / kBand * band_bytes<P>(p.k);
  const char* codes = band + packed_place<P>(within, q);
  const char* scales = band + static_cast<int64_t>(steps) * P::code_bytes + scale_place<T>(within, q / 4);
  uint32_t w[2];
#pragma unroll
  for (int s = 0; s < 2; s++) {
    if constexpr (P::bits == 4) {
      w[s] = exchanged(reinterpret_cast<const uint32_t*>(codes)[s] >> (within / 8 * 4) & 0x0F0F0F0Fu);
    } else {
      w[s] = exchanged(reinterpret_cast<const uint32_t*>(codes)[2 * s + within / 8]) ^ 0x80808080u;
    }
  }
  // The scales of a block, where a format has them: at its beginning.
  const unsigned char* block = reinterpret_cast<const unsigned char*>(scales);
  const float scale = F::scale(block, q % (F::block / 8));
  const float offset = F::offset(block, q % (F::block / 8));
#pragma unroll
  for (int s = 0; s < 2; s++) {
    v[4 * s] = scale * byte_to_float<0, F::zero>(w[s]) + offset;
    v[4 * s + 1] = scale * byte_to_float<1, F::zero>(w[s]) + offset;
    v[4 * s + 2] = scale * byte_to_float<2, F::zero>(w[s]) + offset;
    v[4 * s + 3] = scale * byte_to_float<3, F::zero>(w[s]) + offset;
  }
}

template <DType T, int THREADS>
__device__ void look_up_packed(const LookUpParams& p) {
  const unsigned groups = static_cast<unsigned>(p.k) / 8;
  if (groups == 0) {
    return;
  }
  const unsigned rows = p.y.rows();
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, groups); u.row < rows; u.next()) {
    const int index = p.indices[u.row];
    const float nan = __uint_as_float(0x7FC00000u);
    float v[8] = {nan, nan, nan, nan, nan, nan, nan, nan};
    if (index >= 0 && index < p.n) {
      packed_group<T>(p, index, u.at, v);
    }
    store_group(p.y.row(u.row), p.y.dtype, static_cast<int64_t>(u.at) * 8, v);
  }
}

}  // namespace gatun

#define GATUN_REPACK(NAME, TYPE)                                                          \
  GATUN_KERNEL(repack_##NAME, RepackParams, 256, gatun::repack<gatun::TYPE, 256>)          \
  GATUN_PACKED(repack_##NAME, TYPE)                                                       \
  GATUN_KERNEL(look_up_##NAME, LookUpParams, 256, gatun::look_up_packed<gatun::TYPE, 256>)

GATUN_REPACK(q4_0, Q4_0)
GATUN_REPACK(q8_0, Q8_0)
GATUN_REPACK(q4_k, Q4_K)
