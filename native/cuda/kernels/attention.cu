// attention of any head size, and with ALiBi's slopes, which no other kernel adds: a block a token, a query head and 512 elements of the value. Nothing is staged but scores, so that there is no size that does not
// fit; head sizes to 256 have kernels of their own.
//
// Tile: 128 keys, a warp a key at a time with lanes side by side in its row, then a thread four value elements. Bytes: every query head reads the keys and
// values it sees, 4 D flops a key.
#include "gatun/attention.cuh"

namespace gatun {

// 2^(-max_bias (h + 1) / n) for the heads under n, the largest power of two that is at most their number, and those between them for the others.
__device__ __forceinline__ float slope_of(float max_bias, int head, int heads) {
  int n = 1;
  while (n <= heads / 2) {
    n *= 2;
  }
  return exp2f(head < n ? -max_bias * (head + 1) / n : -max_bias * (2 * (head - n) + 1) / (2 * n));
}

template <int THREADS, int EACH>
__device__ void attention_any(const AttentionParams& p) {
  constexpr int WARPS = THREADS / 32;
  GATUN_SHARED(float[THREADS], weights);
  GATUN_SHARED(int64_t[THREADS], places);
  GATUN_SHARED(float[WARPS], partial);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int query_heads = p.heads * p.group;
  const int parts = (p.value_size + THREADS * EACH - 1) / (THREADS * EACH);
  const int64_t units = static_cast<int64_t>(tokens) * query_heads * parts;
  for (int64_t unit = blockIdx.x; unit < units; unit += gridDim.x) {
    const int part = static_cast<int>(unit % parts) * THREADS * EACH;
    const int head = static_cast<int>(unit / parts % query_heads);
    const int token = static_cast<int>(unit / parts / query_heads);
    const int sequence = sequence_of(p.starts, sequences, token);
    Keys keys{false, 0, 0, 0};
    int first = 0;
    int last = 0;
    if (sequence >= 0) {
      keys = keys_of(p, sequence, tokens);
      first = first_seen(p, p.positions[token]);
      last = last_seen(p, p.positions[token], keys.length);
    }
    const char* query = query_row(p, token, head);
    const char* k = p.k + head / p.group * p.key_head;
    const char* v = p.v + head / p.group * p.value_head;
    const float slope = p.max_bias > 0 ? slope_of(p.max_bias, head, query_heads) : 0.0f;
    float largest = negative_infinity();
    float sum = 0;
    float result[EACH] = {};
    for (int from = first; from < last; from += THREADS) {
      const int count = min(THREADS, last - from);
      __syncthreads();  // weights and places may still be read for the tile before
      for (int j = warp; j < count; j += WARPS) {
        int64_t key;
        int64_t value;
        const bool there = locate(p, keys, from + j, key, value);
        float dot = 0;
        if (there) {
          for (int i = lane; i < p.key_size; i += 32) {
            dot += load(query, p.q.dtype, i) * kept_element(k + key, p.kept, i);
          }
        }
        for (int offset = 16; offset > 0; offset >>= 1) {
          dot += __shfl_xor_sync(0xFFFFFFFFu, dot, offset);
        }
        if (lane == 0) {
          const float score = capped(dot * p.scale, p.softcap);
          weights[j] = !there ? quiet_nan() : slope > 0 ? score - slope * fabsf(static_cast<float>(p.positions[token] - from - j)) : score;
          places[j] = there ? value : -1;
        }
      }
      __syncthreads();
      const bool mine = static_cast<int>(threadIdx.x) < count;
      const float score = mine ? weights[threadIdx.x] : negative_infinity();
      float top = score;
      for (int offset = 16; offset > 0; offset >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, offset));
      }
      if (lane == 0) {
        partial[warp] = top;
      }
      __syncthreads();
      top = largest;
      for (int w = 0; w < WARPS; w++) {
        top = fmaxf(top, partial[w]);
      }
      const float weight = mine ? weight_of(score, top) : 0.0f;
      if (mine) {
        weights[threadIdx.x] = weight;
      }
      const float shrink = weight_of(largest, top);
      largest = top;
      sum = sum * shrink + block_sum<THREADS>(weight);
GATUN_UNROLL
      for (int e = 0; e < EACH; e++) {
        const int i = part + e * THREADS + static_cast<int>(threadIdx.x);
        if (i < p.value_size) {
          float total = result[e] * shrink;
          for (int j = 0; j < count; j++) {
            if (places[j] >= 0) {
              total += weights[j] * kept_element(v + places[j], p.kept, i);
            }
          }
          result[e] = total;
        }
      }
    }
    const float factor = finishing_factor(p, head, largest, sum, first >= last);
GATUN_UNROLL
    for (int e = 0; e < EACH; e++) {
      const int i = part + e * THREADS + static_cast<int>(threadIdx.x);
      if (i < p.value_size) {
        store(result_row(p, token, head), p.y.dtype, i, result[e] * factor);
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(attention_any_128, AttentionParams, 128, gatun::attention_any<128, 4>)
