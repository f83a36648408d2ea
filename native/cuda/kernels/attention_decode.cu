// attention over a paged cache for few query tokens of a sequence: a block a token, a key/value head (up to GROUP of its query heads) and a range of positions;
// a second kernel merges the ranges in ascending order (split-KV, Dao et al. 2023). The range's number is shaped by the bounds, so that one token over a long
// context fills the device; how long a range is, by the length found on the device.
//
// Head sizes are multiples of 8, up to SIZE. Tile of a warp: 32 keys. A lane holds 8 elements of a row, SIZE / 8 lanes a row, so that a row of F16 is read by
// 16-byte loads side by side, and the query heads of a group share what was read.
//   GROUP 8 at SIZE 256: 64 sums and 64 queries a lane leave no room for loads in flight at 128 threads of 255 registers; rejected.
//   32 keys by as many lanes, one whole row each, without shuffles: reads of 16 bytes 256 apart, a sector each; rejected.
// Bytes: each key and value once for GROUP query heads. Judged against the memory's bandwidth.
#include "gatun/attention.cuh"

namespace gatun {

// Elements 8 chunk to 8 chunk + 7 of a row.
template <DType KEPT>
__device__ __forceinline__ void load_chunk(const char* row, int chunk, float (&out)[8]) {
  const unsigned char* at = reinterpret_cast<const unsigned char*>(row);
  if constexpr (KEPT == Q8_0) {
    Format<Q8_0>::decode_group<2>(at + chunk / 4 * 34, chunk % 4, out);
  } else {
    Format<KEPT>::template decode_group<Format<KEPT>::widest>(at, chunk, out);
  }
}

// Sums N values, each over the 2 * OFFSET lanes of a row. Each exchange halves how many values a lane still holds, so that N values cost about N shuffles and
// not N log2 of the lanes. Lane l of a row ends with the values from l N / lanes on, or, where there are fewer values than lanes, with value l N / lanes.
template <int N, int OFFSET>
__device__ __forceinline__ void sum_over_row(float (&v)[N], int lane) {
  if constexpr (OFFSET > 0) {
    if constexpr (N > 1) {
      const bool upper = (lane & OFFSET) != 0;
      float half[N / 2];
GATUN_UNROLL
      for (int i = 0; i < N / 2; i++) {
        const float sent = __shfl_xor_sync(0xFFFFFFFFu, upper ? v[i] : v[i + N / 2], OFFSET);
        half[i] = (upper ? v[i + N / 2] : v[i]) + sent;
      }
      sum_over_row<N / 2, OFFSET / 2>(half, lane);
GATUN_UNROLL
      for (int i = 0; i < N / 2; i++) {
        v[i] = half[i];
      }
    } else {
      v[0] += __shfl_xor_sync(0xFFFFFFFFu, v[0], OFFSET);
      sum_over_row<1, OFFSET / 2>(v, lane);
    }
  }
}

template <DType KEPT, int SIZE, int GROUP>
__device__ void attention_decode(const AttentionParams& p) {
  constexpr int WARPS = 4;
  constexpr int THREADS = 32 * WARPS;
  constexpr int LANES = SIZE / 8;         // of a row
  constexpr int KEYS = 32 / LANES;        // that a warp reads at a time
  constexpr int UNROLL = 4;               // 16 bytes a lane each: 2 KiB of F16 in flight a warp
  constexpr int BATCHES = 32 / KEYS / UNROLL;
  constexpr int VALUES = UNROLL * GROUP;  // scores that a row's lanes sum at a time
  GATUN_SHARED(float[WARPS * 32 * GROUP], weights);
  GATUN_SHARED(float[WARPS * GROUP * SIZE], sums);
  GATUN_SHARED(float[WARPS * GROUP * 2], states);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int parts = (p.group + GROUP - 1) / GROUP;
  const int split = static_cast<int>(blockIdx.x % p.splits);
  const unsigned rest = blockIdx.x / p.splits;
  const int part = static_cast<int>(rest % parts) * GROUP;
  const int head = static_cast<int>(rest / parts % p.heads);
  const int unit = static_cast<int>(rest / parts / p.heads);
  const int token = decoded_token(p, unit, tokens, sequences);

  Keys keys{true, 0, 0, 0};
  int first = 0;
  int last = 0;
  if (token >= 0) {
    const int sequence = sequence_of(p.starts, sequences, token);
    if (sequence >= 0) {
      keys = keys_of(p, sequence, tokens);
      first = first_seen(p, p.positions[token]);
      last = last_seen(p, p.positions[token], keys.length);
    }
  }
  const Cut cut = cut_of(first, last, p.splits);
  if (token < 0 || split >= cut.active) {
    return;  // the whole block
  }
  const int from = first + split * cut.each;
  const int to = min(last, from + cut.each);
  const int heads = min(GROUP, p.group - part);  // query heads of this block
  const int chunk = lane % LANES;
  const bool key_lane = chunk * 8 < p.key_size;
  const bool value_lane = chunk * 8 < p.value_size;
  const char* k = p.k + head * p.key_head;
  const char* v = p.v + head * p.value_head;
  float* scores = weights + warp * 32 * GROUP;

  float query[GROUP][8];
GATUN_UNROLL
  for (int g = 0; g < GROUP; g++) {
    const char* row = query_row(p, token, head * p.group + part + min(g, heads - 1));
GATUN_UNROLL
    for (int e = 0; e < 8; e++) {
      query[g][e] = key_lane ? load(row, p.q.dtype, chunk * 8 + e) : 0.0f;
    }
  }
  float sum[GROUP][8] = {};
  float largest[GROUP];
  float total[GROUP] = {};  // this lane's share of the sum of weights
GATUN_UNROLL
  for (int g = 0; g < GROUP; g++) {
    largest[g] = negative_infinity();
  }

  for (int tile = from + warp * 32; tile < to; tile += THREADS) {
    const int count = min(32, to - tile);
    // Lanes past the end stand for the last key, whose memory is there to read; their weight is 0.
    int64_t key_place;
    int64_t value_place;
    const bool there = locate(p, keys, tile + min(lane, count - 1), key_place, value_place);
    if (!there) {
      key_place = 0;
      value_place = 0;
    }
    for (int batch = 0; batch < BATCHES; batch++) {
      int64_t place[UNROLL];
GATUN_UNROLL
      for (int u = 0; u < UNROLL; u++) {
        place[u] = __shfl_sync(0xFFFFFFFFu, key_place, (batch * UNROLL + u) * KEYS + lane / LANES);
      }
      float key[UNROLL][8] = {};
      if (key_lane) {
GATUN_UNROLL
        for (int u = 0; u < UNROLL; u++) {
          load_chunk<KEPT>(k + place[u], chunk, key[u]);
        }
      }
      float dots[VALUES];
GATUN_UNROLL
      for (int u = 0; u < UNROLL; u++) {
GATUN_UNROLL
        for (int g = 0; g < GROUP; g++) {
          float dot = 0;
GATUN_UNROLL
          for (int e = 0; e < 8; e++) {
            dot += query[g][e] * key[u][e];
          }
          dots[u * GROUP + g] = dot;
        }
      }
      sum_over_row<VALUES, LANES / 2>(dots, lane);
      constexpr int HELD = VALUES >= LANES ? VALUES / LANES : 1;  // values a lane ends with
      constexpr int SAME = VALUES >= LANES ? 1 : LANES / VALUES;  // lanes that end with the same one
      if (chunk % SAME == 0) {
GATUN_UNROLL
        for (int i = 0; i < HELD; i++) {
          const int value = chunk / SAME * HELD + i;
          scores[((batch * UNROLL + value / GROUP) * KEYS + lane / LANES) * GROUP + value % GROUP] = dots[i];
        }
      }
    }
    __syncwarp();
    float score[GROUP];
GATUN_UNROLL
    for (int g = 0; g < GROUP; g++) {
      const float s = capped(scores[lane * GROUP + g] * p.scale, p.softcap);
      score[g] = lane < count ? (there ? s : quiet_nan()) : negative_infinity();
    }
GATUN_UNROLL
    for (int g = 0; g < GROUP; g++) {
      float top = fmaxf(largest[g], score[g]);
      for (int offset = 16; offset > 0; offset >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, offset));
      }
      if (top != largest[g]) {  // the same in the whole warp
        const float shrink = weight_of(largest[g], top);
        largest[g] = top;
        total[g] *= shrink;
GATUN_UNROLL
        for (int e = 0; e < 8; e++) {
          sum[g][e] *= shrink;
        }
      }
      const float weight = lane < count ? weight_of(score[g], top) : 0.0f;
      total[g] += weight;
      scores[lane * GROUP + g] = weight;
    }
    __syncwarp();
    for (int batch = 0; batch < BATCHES; batch++) {
      int64_t place[UNROLL];
GATUN_UNROLL
      for (int u = 0; u < UNROLL; u++) {
        place[u] = __shfl_sync(0xFFFFFFFFu, value_place, (batch * UNROLL + u) * KEYS + lane / LANES);
      }
      float value[UNROLL][8] = {};
      if (value_lane) {
GATUN_UNROLL
        for (int u = 0; u < UNROLL; u++) {
          load_chunk<KEPT>(v + place[u], chunk, value[u]);
        }
      }
GATUN_UNROLL
      for (int u = 0; u < UNROLL; u++) {
        const float* weight = scores + ((batch * UNROLL + u) * KEYS + lane / LANES) * GROUP;
GATUN_UNROLL
        for (int g = 0; g < GROUP; g++) {
          const float w = weight[g];
GATUN_UNROLL
          for (int e = 0; e < 8; e++) {
            sum[g][e] += w * value[u][e];
          }
        }
      }
    }
    __syncwarp();  // the weights are read; the next tile's scores take their place
  }

GATUN_UNROLL
  for (int g = 0; g < GROUP; g++) {
    for (int offset = 16; offset > 0; offset >>= 1) {
      total[g] += __shfl_xor_sync(0xFFFFFFFFu, total[g], offset);
    }
GATUN_UNROLL
    for (int e = 0; e < 8; e++) {
GATUN_UNROLL
      for (int offset = 16; offset >= LANES; offset >>= 1) {
        sum[g][e] += __shfl_xor_sync(0xFFFFFFFFu, sum[g][e], offset);
      }
      if (lane < LANES) {
        sums[(warp * GROUP + g) * SIZE + chunk * 8 + e] = sum[g][e];
      }
    }
    if (lane == 0) {
      states[(warp * GROUP + g) * 2] = largest[g];
      states[(warp * GROUP + g) * 2 + 1] = total[g];
    }
  }
  __syncthreads();

  const bool alone = cut.active == 1;
  for (int g = 0; g < heads; g++) {
    const int query_head = head * p.group + part + g;
    float top = negative_infinity();
    for (int w = 0; w < WARPS; w++) {
      top = fmaxf(top, states[(w * GROUP + g) * 2]);
    }
    float share[WARPS];
    float all = 0;
GATUN_UNROLL
    for (int w = 0; w < WARPS; w++) {
      share[w] = weight_of(states[(w * GROUP + g) * 2], top);
      all += share[w] * states[(w * GROUP + g) * 2 + 1];
    }
    const float factor = alone ? finishing_factor(p, query_head, top, all, first >= last) : 1.0f;
    float* kept = alone ? nullptr : partial_of(p, unit, query_head, split);
    if (!alone && threadIdx.x == 0) {
      kept[0] = top;
      kept[1] = all;
    }
    for (int i = threadIdx.x; i < p.value_size; i += THREADS) {
      float result = 0;
GATUN_UNROLL
      for (int w = 0; w < WARPS; w++) {
        result += share[w] * sums[(w * GROUP + g) * SIZE + i];
      }
      if (alone) {
        store(result_row(p, token, query_head), p.y.dtype, i, result * factor);
      } else {
        kept[2 + i] = result;
      }
    }
  }
}

// Merges the ranges of one token and query head, a block each. At most as many ranges as threads.
template <int THREADS>
__device__ void attention_merge(const AttentionParams& p) {
  GATUN_SHARED(float[THREADS], shares);
  GATUN_SHARED(float[THREADS], tops);
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int query_heads = p.heads * p.group;
  const int head = static_cast<int>(blockIdx.x % query_heads);
  const int unit = static_cast<int>(blockIdx.x / query_heads);
  const int token = decoded_token(p, unit, tokens, sequences);
  int first = 0;
  int last = 0;
  if (token >= 0) {
    const int sequence = sequence_of(p.starts, sequences, token);
    if (sequence >= 0) {
      const Keys keys = keys_of(p, sequence, tokens);
      first = first_seen(p, p.positions[token]);
      last = last_seen(p, p.positions[token], keys.length);
    }
  }
  const Cut cut = cut_of(first, last, p.splits);
  if (token < 0 || cut.active == 1) {
    return;  // the whole block
  }
  const int range = threadIdx.x;
  if (range < cut.active) {
    tops[range] = partial_of(p, unit, head, range)[0];
  }
  __syncthreads();
  float top = negative_infinity();
  for (int s = 0; s < cut.active; s++) {
    top = fmaxf(top, tops[s]);
  }
  if (range < cut.active) {
    shares[range] = weight_of(tops[range], top);
  }
  __syncthreads();
  float all = 0;
  for (int s = 0; s < cut.active; s++) {
    all += shares[s] * partial_of(p, unit, head, s)[1];
  }
  const float factor = finishing_factor(p, head, top, all, false);
  for (int i = threadIdx.x; i < p.value_size; i += THREADS) {
    float result = 0;
    for (int s = 0; s < cut.active; s++) {
      result += shares[s] * partial_of(p, unit, head, s)[2 + i];
    }
    store(result_row(p, token, head), p.y.dtype, i, result * factor);
  }
}

}  // namespace gatun

#define ATTENTION_DECODE(NAME, KEPT, SIZE, GROUP)                                                                              \
  GATUN_KERNEL(attention_decode_##NAME##_##SIZE##x##GROUP, AttentionParams, 128, gatun::attention_decode<KEPT, SIZE, GROUP>)
// A group of one head runs as one of four: what that computes for nothing still fits the time that the keys take to arrive.
ATTENTION_DECODE(f32, gatun::F32, 64, 4)
ATTENTION_DECODE(f32, gatun::F32, 128, 4)
ATTENTION_DECODE(f32, gatun::F32, 256, 4)
ATTENTION_DECODE(f16, gatun::F16, 64, 4)
ATTENTION_DECODE(f16, gatun::F16, 64, 8)
ATTENTION_DECODE(f16, gatun::F16, 128, 4)
ATTENTION_DECODE(f16, gatun::F16, 128, 8)
ATTENTION_DECODE(f16, gatun::F16, 256, 4)
ATTENTION_DECODE(bf16, gatun::BF16, 64, 4)
ATTENTION_DECODE(bf16, gatun::BF16, 64, 8)
ATTENTION_DECODE(bf16, gatun::BF16, 128, 4)
ATTENTION_DECODE(bf16, gatun::BF16, 128, 8)
ATTENTION_DECODE(bf16, gatun::BF16, 256, 4)
ATTENTION_DECODE(f8_e4m3, gatun::F8_E4M3, 64, 4)
ATTENTION_DECODE(f8_e4m3, gatun::F8_E4M3, 128, 4)
ATTENTION_DECODE(f8_e4m3, gatun::F8_E4M3, 256, 4)
ATTENTION_DECODE(f8_e5m2, gatun::F8_E5M2, 64, 4)
ATTENTION_DECODE(f8_e5m2, gatun::F8_E5M2, 128, 4)
ATTENTION_DECODE(f8_e5m2, gatun::F8_E5M2, 256, 4)
ATTENTION_DECODE(q8_0, gatun::Q8_0, 64, 4)
ATTENTION_DECODE(q8_0, gatun::Q8_0, 128, 4)
ATTENTION_DECODE(q8_0, gatun::Q8_0, 128, 8)
ATTENTION_DECODE(q8_0, gatun::Q8_0, 256, 4)
GATUN_KERNEL(attention_merge_128, AttentionParams, 128, gatun::attention_merge<128>)
