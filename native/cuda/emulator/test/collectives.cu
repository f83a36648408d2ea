// Every operation of a warp and a block, its results written out a thread.
#include "gatun/platform.cuh"

#define WARP_PARAMS(FIELD) FIELD(const int*, in) FIELD(const double*, wide) FIELD(int*, out) FIELD(double*, wide_out) FIELD(int, n)
GATUN_PARAMS(WarpParams, WARP_PARAMS)

namespace gatun {

// 24 results for each of 64 threads.
__device__ void warp_operations(const WarpParams& p) {
  const int t = threadIdx.x;
  const int v = p.in[t];
  int* out = p.out + 32 * t;
  const unsigned all = 0xFFFFFFFFu;
  out[0] = __shfl_sync(all, v, t * 7);
  out[1] = __shfl_sync(all, v, 3, 8);
  out[2] = __shfl_up_sync(all, v, 3);
  out[3] = __shfl_up_sync(all, v, 2, 8);
  out[4] = __shfl_down_sync(all, v, 5);
  out[5] = __shfl_down_sync(all, v, 2, 16);
  out[6] = __shfl_xor_sync(all, v, 16);
  out[7] = __shfl_xor_sync(all, v, 9, 16);
  out[8] = static_cast<int>(__ballot_sync(all, v & 1));
  out[9] = __any_sync(all, v == 1000);
  out[10] = __all_sync(all, v < 1000);
  out[11] = __reduce_add_sync(all, v);
  out[12] = __reduce_min_sync(all, v);
  out[13] = __reduce_max_sync(all, v);
  out[14] = static_cast<int>(__reduce_min_sync(all, static_cast<unsigned>(v)));
  out[15] = static_cast<int>(__reduce_max_sync(all, static_cast<unsigned>(v)));
  p.wide_out[2 * t] = __shfl_xor_sync(all, p.wide[t], 1);
  p.wide_out[2 * t + 1] = static_cast<double>(__shfl_down_sync(all, static_cast<long long>(v) * (1ll << 33), 1));
  // Two groups of a warp on ways of their own.
  const bool low = t % 32 < 12;
  const unsigned group = low ? 0x00000FFFu : 0xFFFFF000u;
  if (low) {
    out[16] = __reduce_add_sync(group, v);
    out[17] = static_cast<int>(__ballot_sync(group, v & 1));
  } else {
    out[16] = __shfl_sync(group, v, 31);
    out[17] = static_cast<int>(__ballot_sync(group, v & 1));
  }
  out[18] = __syncthreads_or(v == 1000);
  out[19] = __syncthreads_and(v < 1000);
  out[20] = __syncthreads_count(v & 1);
  out[21] = __shfl_sync(all, __float_as_int(static_cast<float>(v)), 2);
}

// Lanes come to two meetings in different orders, as independent threads of a warp may: lane 1 meets lane 2, then lane 0.
__device__ void meetings(const WarpParams& p) {
  const int t = threadIdx.x;
  int sum = 0;
  if (t == 0) {
    sum = __reduce_add_sync(0b011u, p.in[t]);
  } else if (t == 1) {
    sum = __reduce_add_sync(0b110u, p.in[t]);
    sum += __reduce_add_sync(0b011u, p.in[t]);
  } else if (t == 2) {
    sum = __reduce_add_sync(0b110u, p.in[t]);
  }
  p.out[t] = sum;
}

// Every thread changes the same words, in global and in shared memory.
__device__ void atomics(const WarpParams& p) {
  GATUN_SHARED(int[4], shared);
  GATUN_SHARED(float[1], real);
  const int t = threadIdx.x;
  if (t < 4) {
    shared[t] = 0;
  }
  if (t == 0) {
    real[0] = 0;
  }
  __syncthreads();
  const int v = p.in[t];
  atomicAdd(&shared[0], v);
  atomicMax(&shared[1], v);
  atomicMin(&shared[2], v);
  atomicOr(&shared[3], 1 << (t % 31));
  atomicAdd(&real[0], 0.5f);
  unsigned* out = reinterpret_cast<unsigned*>(p.out);
  atomicAdd(&p.out[0], v);
  atomicMax(&p.out[1], v);
  atomicMin(&p.out[2], v);
  atomicMax(&out[3], static_cast<unsigned>(v));
  atomicMin(&out[4], static_cast<unsigned>(v));
  atomicInc(&out[5], 9u);
  const unsigned ticket = atomicAdd(&out[6], 1u);
  atomicExch(&p.out[16 + ticket], 1);
  int seen = 0;
  do {
    seen = atomicOr(&p.out[7], 0);
  } while (atomicCAS(&p.out[7], seen, seen + v) != seen);
  atomicAdd(reinterpret_cast<unsigned long long*>(p.out + 8), (1ull << 32) + static_cast<unsigned>(t));
  atomicAdd(reinterpret_cast<float*>(p.out + 10), 0.25f);
  atomicOr(&out[11], 1u << (t % 32));
  __syncthreads();
  if (t < 4) {
    p.out[12 + t] = shared[t];
  }
  if (t == 0) {
    p.wide_out[0] = static_cast<double>(real[0]);
  }
}

}  // namespace gatun

GATUN_KERNEL(warp_operations, WarpParams, 64, gatun::warp_operations)
GATUN_KERNEL(meetings, WarpParams, 32, gatun::meetings)
GATUN_KERNEL(atomics, WarpParams, 256, gatun::atomics)

#define MATRIX_PARAMS(FIELD) FIELD(const uint16_t*, a) FIELD(const uint16_t*, b) FIELD(const float*, c) FIELD(float*, d) FIELD(int, bf16)
GATUN_PARAMS(MatrixParams, MATRIX_PARAMS)

namespace gatun {

// d = a·b + c for a 16x16 and b 16x8, both row-major, through shared memory, cp_async, ldmatrix and mma, as a tiled kernel would.
__device__ void matrix_product(const MatrixParams& p) {
  GATUN_SHARED(uint4[16 * 2], a);
  GATUN_SHARED(uint4[16], b);
  const int lane = threadIdx.x;
  cp_async16(&a[lane], p.a + 8 * lane);
  if (lane < 16) {
    cp_async16(&b[lane], p.b + 8 * lane);
  }
  cp_async_commit();
  cp_async_wait<0>();
  __syncwarp();
  uint32_t left[4];
  // Matrices 0 and 1 are rows 0-7 and 8-15 of columns 0-7, 2 and 3 of columns 8-15.
  ldmatrix4(left, &a[(lane % 16) * 2 + lane / 16]);
  uint32_t right[4];
  // b lies by rows, k first; transposed, each lane gets neighbours in k of one column. The upper two matrices are not needed.
  ldmatrix4_transposed(right, &b[lane % 16]);
  const uint32_t two[2] = {right[0], right[1]};
  const int row = lane / 4;
  const int column = lane % 4 * 2;
  float d[4] = {p.c[row * 8 + column], p.c[row * 8 + column + 1], p.c[(row + 8) * 8 + column], p.c[(row + 8) * 8 + column + 1]};
  if (p.bf16 != 0) {
    mma_bf16(d, left, two);
  } else {
    mma_f16(d, left, two);
  }
  p.d[row * 8 + column] = d[0];
  p.d[row * 8 + column + 1] = d[1];
  p.d[(row + 8) * 8 + column] = d[2];
  p.d[(row + 8) * 8 + column + 1] = d[3];
}

}  // namespace gatun

GATUN_KERNEL(matrix_product, MatrixParams, 32, gatun::matrix_product)

#define BYTES_PARAMS(FIELD) FIELD(const int8_t*, a) FIELD(const int8_t*, b) FIELD(const int*, c) FIELD(int*, d)
GATUN_PARAMS(BytesParams, BYTES_PARAMS)

namespace gatun {

// d = a·b + c for a 16x32 row-major and b 32x8 column-major, fragments read as PTX ISA lays them out.
__device__ void byte_product(const BytesParams& p) {
  const int lane = threadIdx.x;
  const int group = lane / 4;
  const int in_group = lane % 4;
  uint32_t a[4];
  uint32_t b[2];
  int32_t d[4];
  for (int i = 0; i < 4; i++) {
    const int row = i % 2 == 0 ? group : group + 8;
    const int column = in_group * 4 + (i < 2 ? 0 : 16);
    a[i] = *reinterpret_cast<const uint32_t*>(p.a + row * 32 + column);
    d[i] = p.c[(i < 2 ? group : group + 8) * 8 + in_group * 2 + i % 2];
  }
  for (int i = 0; i < 2; i++) {
    b[i] = *reinterpret_cast<const uint32_t*>(p.b + group * 32 + in_group * 4 + 16 * i);
  }
  mma_s8(d, a, b);
  for (int i = 0; i < 4; i++) {
    p.d[(i < 2 ? group : group + 8) * 8 + in_group * 2 + i % 2] = d[i];
  }
}

// Several groups of copies under way at once; element i of `out` is sixteen bytes from a stage of three.
__device__ void pipeline(const BytesParams& p) {
  GATUN_SHARED(int4[3 * 32], stages);
  const int lane = threadIdx.x;
  const int rounds = 8;
  for (int s = 0; s < 2; s++) {
    cp_async16(&stages[s * 32 + lane], p.a + (s * 32 + lane) * 16);
    cp_async_commit();
  }
  for (int r = 0; r < rounds; r++) {
    cp_async_wait<1>();
    __syncthreads();
    if (r + 2 < rounds) {
      const int next = r + 2;
      // The last round's rows are cut short: the rest of the sixteen bytes is zero.
      cp_async16(&stages[next % 3 * 32 + lane], p.a + (next * 32 + lane) * 16, next == rounds - 1 ? 4 * (lane % 5) : 16);
    }
    cp_async_commit();
    const int4 v = stages[r % 3 * 32 + (lane + 1) % 32];
    p.d[(r * 32 + lane) * 4] = v.x;
    p.d[(r * 32 + lane) * 4 + 1] = v.y;
    p.d[(r * 32 + lane) * 4 + 2] = v.z;
    p.d[(r * 32 + lane) * 4 + 3] = v.w;
  }
}

}  // namespace gatun

GATUN_KERNEL(byte_product, BytesParams, 32, gatun::byte_product)
GATUN_KERNEL(pipeline, BytesParams, 32, gatun::pipeline)
