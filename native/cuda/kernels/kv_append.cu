// kv_append: token t of sequence s to position positions[t] of slot slots[s], rounded to the cache's type.
//
// k [T, Hkv, D] and v [T, Hkv, Dv] in F32, F16 or BF16; a page holds for each head its keys, then its values. A warp a row of one head: a step appends few
// bytes (512 tokens of 8 heads of 128 are 4 MB in F32), so that what counts is to spread the rows over the device, and lanes that write side by side.
#include "gatun/cache_rows.cuh"

#define KV_APPEND_PARAMS(FIELD)            \
  FIELD(gatun::Rows, k)                    \
  FIELD(gatun::Rows, v)                    \
  FIELD(const int32_t*, starts)            \
  FIELD(const int32_t*, slots)             \
  FIELD(const int32_t*, positions)         \
  FIELD(const int32_t*, sequence_count)    \
  FIELD(const int32_t*, table)             \
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
  FIELD(int, heads)                        \
  FIELD(int, key_size)                     \
  FIELD(int, value_size)                   \
  FIELD(gatun::DType, kept)
GATUN_PARAMS(KvAppendParams, KV_APPEND_PARAMS)

namespace gatun {

template <int THREADS>
__device__ void kv_append(const KvAppendParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int64_t rows = static_cast<int64_t>(p.k.size0()) * p.heads * 2;
  const BlockTable table{p.table, p.cache_slots, p.slot_tokens, p.slot_pages, p.page_tokens, p.page_shift};
  for (int64_t row = static_cast<int64_t>(blockIdx.x) * (THREADS / 32) + threadIdx.x / 32; row < rows; row += static_cast<int64_t>(gridDim.x) * (THREADS / 32)) {
    const bool key = row % 2 == 0;
    const int head = static_cast<int>(row / 2 % p.heads);
    const int token = static_cast<int>(row / 2 / p.heads);
    const int sequence = sequence_of(p.starts, sequences, token);
    int offset = 0;
    const int page = sequence < 0 ? -1 : table.page(p.slots[sequence], p.positions[token], offset);
    if (page < 0) {
      continue;  // the whole warp
    }
    const Rows& source = key ? p.k : p.v;
    const char* from = source.base + token * source.stride[0] + head * source.stride[1];
    char* into = (key ? p.keys : p.values) + page * p.page_bytes + head * p.head_bytes + offset * (key ? p.key_bytes : p.value_bytes);
    const int size = key ? p.key_size : p.value_size;
    keep_row(p.kept, from, source.dtype, into, size);
  }
}

}  // namespace gatun

GATUN_KERNEL(kv_append_128, KvAppendParams, 128, gatun::kv_append<128>)
GATUN_TILE(kv_append_128, programmatic, 1)
