// Products of warpgroups over tiles that the copy engine brings, in every layout, type and width.
#include "gatun/bulk.cuh"
#include "gatun/mma_e4m3.cuh"
#include "gatun/warpgroup.cuh"

#define TILE_PARAMS(FIELD) FIELD(gatun::TensorMap, a) FIELD(gatun::TensorMap, b) FIELD(const uint8_t*, registers) FIELD(float*, d) FIELD(int, add)
GATUN_PARAMS(TileParams, TILE_PARAMS)

namespace gatun {

__device__ constexpr int row_of(int t, int i) { return 16 * (t / 32) + t % 32 / 4 + 8 * (i / 2 % 2); }
__device__ constexpr int column_of(int t, int i) { return 8 * (i / 4) + 2 * (t % 4) + i % 2; }

enum Element { kOfBf16, kOfF16, kOfE4m3 };

template <int N, Element ELEMENT, bool A_TRANSPOSED, bool B_TRANSPOSED>
__device__ void multiply_tiles(float (&d)[N / 2], uint64_t a, uint64_t b, bool add) {
  if constexpr (ELEMENT == kOfBf16) {
    wgmma_bf16<N, A_TRANSPOSED, B_TRANSPOSED>(d, a, b, add);
  } else if constexpr (ELEMENT == kOfF16) {
    wgmma_f16<N, A_TRANSPOSED, B_TRANSPOSED>(d, a, b, add);
  } else {
    wgmma_e4m3<N>(d, a, b, add);
  }
}
template <int N, Element ELEMENT, bool B_TRANSPOSED>
__device__ void multiply_tiles(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add) {
  if constexpr (ELEMENT == kOfBf16) {
    wgmma_bf16<N, B_TRANSPOSED>(d, a, b, add);
  } else if constexpr (ELEMENT == kOfF16) {
    wgmma_f16<N, B_TRANSPOSED>(d, a, b, add);
  } else {
    wgmma_e4m3<N>(d, a, b, add);
  }
}

// Rows of a tile are as wide as the swizzle; without one they are 16 bytes, one chunk, so that a core matrix of 8 rows is 128 bytes in one piece.
__device__ constexpr int width_of(TileSwizzle swizzle) {
  return swizzle == TileSwizzle::k128 ? 128 : swizzle == TileSwizzle::k64 ? 64 : swizzle == TileSwizzle::k32 ? 32 : 16;
}

// A tile of ROWS of M or N by 128 bytes of K (K-major), or by 64 of K (transposed), brought in boxes as wide as the swizzle, one behind the other.
template <int ROWS, TileSwizzle SWIZZLE, bool TRANSPOSED>
__device__ void bring(unsigned char* tile, const TensorMap& map, uint64_t* full, int element_bytes) {
  constexpr int kWidth = width_of(SWIZZLE);
  const int row_bytes = TRANSPOSED ? ROWS * element_bytes : 128;
  const int rows = TRANSPOSED ? 64 : ROWS;
  for (int i = 0; i < row_bytes / kWidth; i++) {
    tensor_copy(tile + i * rows * kWidth, map, i * kWidth / element_bytes, 0, full);
  }
}

// The descriptor of step `k`, of 32 bytes of K (K-major) or 16 elements (transposed).
template <int ROWS, TileSwizzle SWIZZLE, bool TRANSPOSED>
__device__ uint64_t step(const unsigned char* tile, int k) {
  constexpr int kWidth = width_of(SWIZZLE);
  if (TRANSPOSED) {
    // Boxes of 64 rows of K by a width of M or N.
    if (SWIZZLE == TileSwizzle::kNone) {
      return matrix_descriptor(tile + k * 16 * kWidth, 8 * kWidth, 64 * kWidth, SWIZZLE);
    }
    return matrix_descriptor(tile + k * 16 * kWidth, 64 * kWidth, 8 * kWidth, SWIZZLE);
  }
  const int box = k * 32 / kWidth;
  const int within = k * 32 % kWidth;
  return matrix_descriptor(tile + box * ROWS * kWidth + within, SWIZZLE == TileSwizzle::kNone ? ROWS * kWidth : 16, 8 * kWidth, SWIZZLE);
}

// d[64, N] = a·b over 128 bytes of K, or 64 of K where an operand is transposed.
template <int N, Element ELEMENT, TileSwizzle SWIZZLE, bool A_TRANSPOSED, bool B_TRANSPOSED, bool A_REGISTERS>
__device__ void product(const TileParams& p) {
  constexpr int kBytes = ELEMENT == kOfE4m3 ? 1 : 2;
  GATUN_BULK_SHARED(unsigned char, shared);
  unsigned char* const a = shared;
  unsigned char* const b = shared + 64 * 128;
  auto* const full = reinterpret_cast<uint64_t*>(b + N * 128);
  const int t = threadIdx.x;
  if (t == 0) {
    mbarrier_init(full, 1);
    mbarrier_init_done();
  }
  __syncthreads();
  if (t == 0) {
    tensor_prefetch(p.b);
    mbarrier_expect(full, (A_REGISTERS ? 0 : 64 * 128) + N * 128);
    if (!A_REGISTERS) {
      bring<64, SWIZZLE, A_TRANSPOSED>(a, p.a, full, kBytes);
    }
    bring<N, SWIZZLE, B_TRANSPOSED>(b, p.b, full, kBytes);
  }
  mbarrier_wait(full, 0);
  float d[N / 2];
  for (int i = 0; i < N / 2; i++) {
    d[i] = p.d[row_of(t, i) * N + column_of(t, i)];
  }
  for (int k = 0; k < 4; k++) {
    const uint64_t right = step<N, SWIZZLE, B_TRANSPOSED>(b, k);
    if constexpr (A_REGISTERS) {
      uint32_t left[4];
      for (int i = 0; i < 4; i++) {
        left[i] = *reinterpret_cast<const uint32_t*>(p.registers + (t / 32 * 16 + t % 32 / 4 + 8 * (i % 2)) * 128 + k * 32 + t % 4 * 4 + 16 * (i / 2));
      }
      wgmma_fence();
      multiply_tiles<N, ELEMENT, B_TRANSPOSED>(d, left, right, p.add != 0 || k > 0);
    } else {
      wgmma_fence();
      multiply_tiles<N, ELEMENT, A_TRANSPOSED, B_TRANSPOSED>(d, step<64, SWIZZLE, A_TRANSPOSED>(a, k), right, p.add != 0 || k > 0);
    }
    wgmma_commit();
  }
  wgmma_wait<0>();
  wgmma_pin(d);
  for (int i = 0; i < N / 2; i++) {
    p.d[row_of(t, i) * N + column_of(t, i)] = d[i];
  }
}

}  // namespace gatun

#define TILE_PRODUCT(NAME, ...) GATUN_KERNEL(NAME, TileParams, 128, gatun::product<__VA_ARGS__>)
#define TILE_PRODUCTS(N)                                                                                        \
  TILE_PRODUCT(tile_bf16_128_##N, N, gatun::kOfBf16, gatun::TileSwizzle::k128, false, false, false)             \
  TILE_PRODUCT(tile_f16_128_##N, N, gatun::kOfF16, gatun::TileSwizzle::k128, false, false, false)               \
  TILE_PRODUCT(tile_e4m3_128_##N, N, gatun::kOfE4m3, gatun::TileSwizzle::k128, false, false, false)             \
  TILE_PRODUCT(tile_bf16_registers_##N, N, gatun::kOfBf16, gatun::TileSwizzle::k128, false, false, true)        \
  TILE_PRODUCT(tile_e4m3_registers_##N, N, gatun::kOfE4m3, gatun::TileSwizzle::k128, false, false, true)
TILE_PRODUCTS(16)
TILE_PRODUCTS(32)
TILE_PRODUCTS(64)
TILE_PRODUCTS(96)
TILE_PRODUCTS(128)
TILE_PRODUCTS(192)
TILE_PRODUCTS(256)
TILE_PRODUCT(tile_f16_64_64, 64, gatun::kOfF16, gatun::TileSwizzle::k64, false, false, false)
TILE_PRODUCT(tile_f16_32_64, 64, gatun::kOfF16, gatun::TileSwizzle::k32, false, false, false)
TILE_PRODUCT(tile_f16_none_64, 64, gatun::kOfF16, gatun::TileSwizzle::kNone, false, false, false)
TILE_PRODUCT(tile_e4m3_64_96, 96, gatun::kOfE4m3, gatun::TileSwizzle::k64, false, false, false)
TILE_PRODUCT(tile_e4m3_32_96, 96, gatun::kOfE4m3, gatun::TileSwizzle::k32, false, false, false)
TILE_PRODUCT(tile_e4m3_none_96, 96, gatun::kOfE4m3, gatun::TileSwizzle::kNone, false, false, false)
TILE_PRODUCT(tile_bf16_128_b_128, 128, gatun::kOfBf16, gatun::TileSwizzle::k128, false, true, false)
TILE_PRODUCT(tile_f16_128_b_64, 64, gatun::kOfF16, gatun::TileSwizzle::k128, false, true, false)
TILE_PRODUCT(tile_f16_128_ab_192, 192, gatun::kOfF16, gatun::TileSwizzle::k128, true, true, false)
TILE_PRODUCT(tile_f16_64_ab_64, 64, gatun::kOfF16, gatun::TileSwizzle::k64, true, true, false)
TILE_PRODUCT(tile_f16_32_ab_64, 64, gatun::kOfF16, gatun::TileSwizzle::k32, true, true, false)
TILE_PRODUCT(tile_f16_none_ab_64, 64, gatun::kOfF16, gatun::TileSwizzle::kNone, true, true, false)
TILE_PRODUCT(tile_bf16_registers_b_256, 256, gatun::kOfBf16, gatun::TileSwizzle::k128, false, true, true)

#define E4M3_PARAMS(FIELD) FIELD(const uint8_t*, a) FIELD(const uint8_t*, b) FIELD(float*, d)
GATUN_PARAMS(E4m3Params, E4M3_PARAMS)

namespace gatun {

// d += a·b for a 16x32 row-major and b 32x8 column-major.
__device__ void e4m3_product(const E4m3Params& p) {
  const int row = threadIdx.x / 4;
  const int column = threadIdx.x % 4;
  uint32_t a[4];
  uint32_t b[2];
  float d[4];
  for (int i = 0; i < 4; i++) {
    a[i] = *reinterpret_cast<const uint32_t*>(p.a + (row + 8 * (i % 2)) * 32 + column * 4 + 16 * (i / 2));
    d[i] = p.d[(row + 8 * (i / 2)) * 8 + column * 2 + i % 2];
  }
  for (int i = 0; i < 2; i++) {
    b[i] = *reinterpret_cast<const uint32_t*>(p.b + row * 32 + column * 4 + 16 * i);
  }
  mma_e4m3(d, a, b);
  for (int i = 0; i < 4; i++) {
    p.d[(row + 8 * (i / 2)) * 8 + column * 2 + i % 2] = d[i];
  }
}

}  // namespace gatun

GATUN_KERNEL(e4m3_product, E4m3Params, 32, gatun::e4m3_product)
