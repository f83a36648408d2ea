// rope of queries, rope of keys and kv_append in one launch, with an rms_norm of each head before it where the model has one. What passes between them stays in registers
// and shared memory, rounded as it would be on its way through memory, so that the results are those of rms_norm, rope and kv_append one after the other.
//
// A warp a row of one head: queries, keys and values of a token are blockIdx.x's, of which each of gridDim.y blocks takes every so many; a block finds the token's cosines and
// sines once. For one token the rows spread over a dozen blocks, for many tokens a block does all of one, so that the angles are computed once.
// Bytes: queries and keys and values read once, queries written once, keys and values written in the cache's type. A token of 32 + 8 + 8 heads of 128 in F32 is 24 KB read
// and 20 KB written: nothing beside a launch, and it saves two of those, or four with norms, and the way of rotated keys through memory. Judged against one launch.
//   a block a token and key/value head with its query heads: the table would be computed as often, with blocks of unequal work; rejected.
#include "gatun/cache_rows.cuh"

#define ROPE_KV_APPEND_PARAMS(FIELD)       \
  FIELD(gatun::Rows, q)                    \
  FIELD(gatun::Rows, turned)               \
  FIELD(gatun::Rows, k)                    \
  FIELD(gatun::Rows, v)                    \
  FIELD(const float*, query_weight)        \
  FIELD(const float*, key_weight)          \
  FIELD(const int32_t*, starts)            \
  FIELD(const int32_t*, slots)             \
  FIELD(const int32_t*, positions)         \
  FIELD(const int32_t*, sequence_count)    \
  FIELD(const int32_t*, table)             \
  FIELD(const double*, turns)              \
  FIELD(const float*, factors)             \
  FIELD(char*, keys)                       \
  FIELD(char*, values)                     \
  FIELD(int64_t, page_bytes)               \
  FIELD(int64_t, head_bytes)               \
  FIELD(int64_t, key_bytes)                \
  FIELD(int64_t, value_bytes)              \
  FIELD(int, sequences)                    \
  FIELD(int, cache_slots)                  \
  FIELD(int, slot_tokens)                  \
  FIELD(int, slot_pages)                   \
  FIELD(int, page_tokens)                  \
  FIELD(int, page_shift)                   \
  FIELD(int, query_heads)                  \
  FIELD(int, heads)                        \
  FIELD(int, key_size)                     \
  FIELD(int, value_size)                   \
  FIELD(int, dims)                         \
  FIELD(int, interleaved)                  \
  FIELD(float, magnitude)                  \
  FIELD(float, query_epsilon)              \
  FIELD(float, key_epsilon)                \
  FIELD(gatun::DType, query_normed)        \
  FIELD(gatun::DType, key_normed)          \
  FIELD(gatun::DType, key_turned)          \
  FIELD(gatun::DType, kept)
GATUN_PARAMS(RopeKvAppendParams, ROPE_KV_APPEND_PARAMS)

namespace gatun {

// A number as it comes back from memory in that type.
__device__ __forceinline__ float as_stored(DType dtype, float value) {
  switch (dtype) {
    case F16:
      return f16_to_float(float_to_f16(value));
    case BF16:
      return bf16_to_float(float_to_bf16(value));
    default:
      return value;
  }
}

// What rms_norm multiplies a row by, added up in the order of its 128 threads: four elements each where they can be read at once, warp after warp. Whole warps call it.
__device__ __forceinline__ float norm_scale(const char* x, DType dtype, int width, float epsilon) {
  const int lane = threadIdx.x % 32;
  const bool quads = (reinterpret_cast<uintptr_t>(x) & (dtype == F32 ? 15 : 7)) == 0;
  const int whole = quads ? width / 4 * 4 : 0;
  float all = 0;
  for (int warp = 0; warp < 4; warp++) {
    float sum = 0;
    for (int i = (warp * 32 + lane) * 4; i < whole; i += 512) {
      const float a = load(x, dtype, i), b = load(x, dtype, i + 1), c = load(x, dtype, i + 2), d = load(x, dtype, i + 3);
      sum += a * a + b * b + (c * c + d * d);
    }
    for (int i = whole + warp * 32 + lane; i < width; i += 128) {
      const float value = load(x, dtype, i);
      sum += value * value;
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    }
    all += sum;
  }
  return rsqrtf(all * (1.0f / static_cast<float>(width)) + epsilon);
}

// A row of queries or keys as it enters the rotation: itself, or its norm.
struct Entering {
  const char* x;
  DType dtype;
  const float* weight;  // null without a norm
  DType normed;
  float scale;

  __device__ __forceinline__ float operator()(int i) const {
    const float value = load(x, dtype, i);
    return weight == nullptr ? value : as_stored(normed, value * scale * weight[i]);
  }
};

// Turns a row and hands element by element to `take`; no lane reads an element that another has handed over.
template <class Take>
__device__ __forceinline__ void turn(const RopeKvAppendParams& p, const float2* angles, const Entering& row, const Take& take) {
  const int lane = threadIdx.x % 32;
  const int half = p.dims / 2;
  for (int i = lane; i < half; i += 32) {
    const int first = p.interleaved != 0 ? 2 * i : i;
    const int second = p.interleaved != 0 ? 2 * i + 1 : i + half;
    const float a = row(first);
    const float b = row(second);
    const float2 angle = angles[i];
    take(first, a * angle.x - b * angle.y);
    take(second, a * angle.y + b * angle.x);
  }
  for (int i = p.dims + lane; i < p.key_size; i += 32) {
    take(i, row(i));
  }
}

template <int THREADS>
__device__ void rope_kv_append(const RopeKvAppendParams& p) {
  constexpr int WARPS = THREADS / 32;
  GATUN_DYNAMIC_SHARED(float2, angles);
  float* const turned = reinterpret_cast<float*>(angles + p.dims / 2) + threadIdx.x / 32 * p.key_size;
  wait_for_prior_kernels();
  launch_dependent_kernels();
  const int tokens = p.k.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const BlockTable table{p.table, p.cache_slots, p.slot_tokens, p.slot_pages, p.page_tokens, p.page_shift};
  const int rows = p.query_heads + 2 * p.heads;
  for (int token = blockIdx.x; token < tokens; token += gridDim.x) {
    __syncthreads();  // the angles may still be read for the token before
    const double position = p.positions[token];
    for (int i = threadIdx.x; i < p.dims / 2; i += THREADS) {
      const double whole = position * p.turns[i] / (p.factors == nullptr ? 1.0 : static_cast<double>(p.factors[i]));
      const float rest = static_cast<float>(whole - rint(whole));
      float sine, cosine;
      sincospif(2.0f * rest, &sine, &cosine);
      angles[i] = make_float2(cosine * p.magnitude, sine * p.magnitude);
    }
    __syncthreads();  // the angles are there
    const int sequence = sequence_of(p.starts, sequences, token);
    int offset = 0;
    const int page = sequence < 0 ? -1 : table.page(p.slots[sequence], p.positions[token], offset);
    for (int row = blockIdx.y * WARPS + threadIdx.x / 32; row < rows; row += gridDim.y * WARPS) {
      if (row < p.query_heads) {
        const char* x = p.q.base + token * p.q.stride[0] + row * p.q.stride[1];
        char* y = p.turned.base + token * p.turned.stride[0] + row * p.turned.stride[1];
        Entering entering{x, p.q.dtype, p.query_weight, p.query_normed, 1.0f};
        if (p.query_weight != nullptr) {
          entering.scale = norm_scale(x, p.q.dtype, p.key_size, p.query_epsilon);
          __syncwarp();  // the row is read: what it becomes may take its place
        }
        turn(p, angles, entering, [&](int i, float value) { store(y, p.turned.dtype, i, value); });
        continue;
      }
      if (page < 0) {
        continue;  // the whole warp
      }
      const bool value = row >= p.query_heads + p.heads;
      const int head = row - p.query_heads - (value ? p.heads : 0);
      const Rows& source = value ? p.v : p.k;
      const char* x = source.base + token * source.stride[0] + head * source.stride[1];
      char* into = (value ? p.values : p.keys) + page * p.page_bytes + head * p.head_bytes + offset * (value ? p.value_bytes : p.key_bytes);
      if (value) {
        keep_row(p.kept, x, p.v.dtype, into, p.value_size);
        continue;
      }
      const float scale = p.key_weight == nullptr ? 1.0f : norm_scale(x, p.k.dtype, p.key_size, p.key_epsilon);
      const Entering entering{x, p.k.dtype, p.key_weight, p.key_normed, scale};
      __syncwarp();  // the row before is read
      turn(p, angles, entering, [&](int i, float element) { turned[i] = as_stored(p.key_turned, element); });
      __syncwarp();  // the row is there
      keep_row(p.kept, reinterpret_cast<const char*>(turned), F32, into, p.key_size);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(rope_kv_append_128, RopeKvAppendParams, 128, gatun::rope_kv_append<128>)
GATUN_TILE(rope_kv_append_128, programmatic, 1)
