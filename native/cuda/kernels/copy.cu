// copy: y = x, with a cast between the float types. `rows` forms take rows that lie without gaps on both sides, eight elements (casts) or 16 bytes (others) a
// thread; `strided` forms take any strides, an element a thread, neighbours in the order of y, whose writes then join. It reads x and writes y once. A thread of
// copy_rows asks for two pieces before it writes the first: 48 KB in the 1536 threads that a multiprocessor has registers for, of which memory needs 25 KB to read at
// 4.8 TB/s with 0.7 us to wait. Casts of F32 have as much with one piece in 2048 threads; two would need registers of half of them.
#include "gatun/groups.cuh"

#define COPY_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)    \
  FIELD(gatun::Rows, y)    \
  FIELD(int64_t, x_step)   \
  FIELD(int64_t, y_step)   \
  FIELD(int, width)
GATUN_PARAMS(CopyParams, COPY_PARAMS)

namespace gatun {

// The rows of the same number on both sides; the indices are worked out once.
struct RowPair {
  const char* x;
  char* y;

  __device__ __forceinline__ RowPair(const CopyParams& p, unsigned row) : x(p.x.base), y(p.y.base) {
    if (p.x.middle != 1 || p.x.inner != 1) {
      const unsigned i2 = row % p.x.inner;
      row /= p.x.inner;
      const unsigned i1 = row % p.x.middle;
      row /= p.x.middle;
      x += i1 * p.x.stride[1] + i2 * p.x.stride[2];
      y += i1 * p.y.stride[1] + i2 * p.y.stride[2];
    }
    x += row * p.x.stride[0];
    y += row * p.y.stride[0];
  }
};

__device__ __forceinline__ float load_any(const char* from, DType dtype) {
  switch (dtype) {
    case F8_E4M3:
      return Format<F8_E4M3>::decode(from, 0);
    case F8_E5M2:
      return Format<F8_E5M2>::decode(from, 0);
    default:
      return load(from, dtype, 0);
  }
}

__device__ __forceinline__ void store_any(char* to, DType dtype, float value) {
  switch (dtype) {
    case F8_E4M3:
      store_one<F8_E4M3>(to, 0, value);
      break;
    case F8_E5M2:
      store_one<F8_E5M2>(to, 0, value);
      break;
    default:
      store(to, dtype, 0, value);
  }
}

__device__ __forceinline__ int bytes_of(DType dtype) { return dtype == F32 ? 4 : dtype == F16 || dtype == BF16 ? 2 : 1; }

template <DType T, int THREADS>
__device__ void cast_rows(const CopyParams& p) {
  const unsigned rows = p.x.rows();
  const unsigned groups = (static_cast<unsigned>(p.width) + 7) / 8;
  const int size = bytes_of(p.y.dtype);
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, groups); u.row < rows; u.next()) {
    const RowPair row(p, u.row);
    const int64_t i = static_cast<int64_t>(u.at) * 8;
    if (i + 8 > p.width) {
      for (int64_t k = i; k < p.width; k++) {
        store_any(row.y + k * size, p.y.dtype, Format<T>::decode(row.x, k));
      }
      continue;
    }
    float v[8];
    load_group<T>(row.x, u.at, v);
    switch (p.y.dtype) {
      case F8_E4M3:
        store_eight<F8_E4M3>(row.y, i, v);
        break;
      case F8_E5M2:
        store_eight<F8_E5M2>(row.y, i, v);
        break;
      default:
        store_group(row.y, p.y.dtype, i, v);
    }
  }
}

template <int THREADS>
__device__ void cast_strided(const CopyParams& p) {
  const unsigned rows = p.x.rows();
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, p.width); u.row < rows; u.next()) {
    const RowPair row(p, u.row);
    store_any(row.y + u.at * p.y_step, p.y.dtype, load_any(row.x + u.at * p.x_step, p.x.dtype));
  }
}

template <class Bits, int THREADS>
__device__ void copy_rows(const CopyParams& p) {
  constexpr int per_thread = 16 / sizeof(Bits);
  constexpr int ahead = 2;
  const unsigned rows = p.x.rows();
  const unsigned pieces = (static_cast<unsigned>(p.width) + per_thread - 1) / per_thread;
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, pieces); u.row < rows;) {
    uint4 v[ahead];
    uint4* to[ahead];
#pragma unroll
    for (int a = 0; a < ahead; a++) {
      to[a] = nullptr;
      if (u.row < rows) {
        const RowPair row(p, u.row);
        const int64_t i = static_cast<int64_t>(u.at) * per_thread;
        const Bits* from = reinterpret_cast<const Bits*>(row.x) + i;
        Bits* y = reinterpret_cast<Bits*>(row.y) + i;
        if (i + per_thread <= p.width && aligned<16>(y) && aligned<16>(from)) {
          v[a] = *reinterpret_cast<const uint4*>(from);
          to[a] = reinterpret_cast<uint4*>(y);
        } else {
          for (int j = 0; j < per_thread && i + j < p.width; j++) {
            y[j] = from[j];
          }
        }
        u.next();
      }
    }
#pragma unroll
    for (int a = 0; a < ahead; a++) {
      if (to[a] != nullptr) {
        *to[a] = v[a];
      }
    }
  }
}

template <class Bits, int THREADS>
__device__ void copy_strided(const CopyParams& p) {
  const unsigned rows = p.x.rows();
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, p.width); u.row < rows; u.next()) {
    const RowPair row(p, u.row);
    *reinterpret_cast<Bits*>(row.y + u.at * p.y_step) = *reinterpret_cast<const Bits*>(row.x + u.at * p.x_step);
  }
}

}  // namespace gatun

GATUN_KERNEL(copy_32_rows, CopyParams, 256, gatun::copy_rows<uint32_t, 256>)
GATUN_KERNEL(copy_16_rows, CopyParams, 256, gatun::copy_rows<uint16_t, 256>)
GATUN_KERNEL(copy_8_rows, CopyParams, 256, gatun::copy_rows<uint8_t, 256>)
GATUN_KERNEL(copy_32_strided, CopyParams, 256, gatun::copy_strided<uint32_t, 256>)
GATUN_KERNEL(copy_16_strided, CopyParams, 256, gatun::copy_strided<uint16_t, 256>)
GATUN_KERNEL(copy_8_strided, CopyParams, 256, gatun::copy_strided<uint8_t, 256>)
GATUN_KERNEL(cast_f32_rows, CopyParams, 256, gatun::cast_rows<gatun::F32, 256>)
GATUN_KERNEL(cast_f16_rows, CopyParams, 256, gatun::cast_rows<gatun::F16, 256>)
GATUN_KERNEL(cast_bf16_rows, CopyParams, 256, gatun::cast_rows<gatun::BF16, 256>)
GATUN_KERNEL(cast_f8_e4m3_rows, CopyParams, 256, gatun::cast_rows<gatun::F8_E4M3, 256>)
GATUN_KERNEL(cast_f8_e5m2_rows, CopyParams, 256, gatun::cast_rows<gatun::F8_E5M2, 256>)
GATUN_KERNEL(cast_strided, CopyParams, 256, gatun::cast_strided<256>)
