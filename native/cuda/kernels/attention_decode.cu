// attention for few query tokens of a sequence in float32, for keys that attention_decode_mma does not take (F32, Q8_0) and devices without tensor cores: a block a
// token, a key/value head (up to GROUP of its query heads) and a range of positions; a second kernel merges the ranges (split-KV, Dao et al. 2023). The ranges' number is
// shaped by the bounds, so that one token over a long context fills the device; how long a range is, by the length found on the device.
//
// Head sizes are multiples of 8, up to SIZE. Tile of a warp: 32 keys. A lane holds 8 elements of a row, SIZE / 8 lanes a row, so that a row of F32 is read by
// 16-byte loads side by side, and the query heads of a group share what was read. A warp has four loads of 32 bytes a lane under way in F32, 4 KiB, two blocks a
// multiprocessor 32 KiB; nothing while it multiplies. The keys' type is looked at once for four rows: an instance a type would be six times as many kernels, of which a
// device with tensor cores runs two.
//   GROUP 8 at SIZE 256: 64 sums and 64 queries a lane leave no room for loads in flight at 128 threads of 255 registers; rejected.
//   32 keys by as many lanes, one whole row each, without shuffles: reads of 16 bytes 256 apart, a sector each; rejected.
// Bytes: each key and value once for GROUP query heads. Judged against the memory's bandwidth.
#include "gatun/attention_decode.cuh"
#include "gatun/reduce.cuh"

namespace gatun {

// Elements 8 chunk to 8 chunk + 7 of a row.
template <DType KEPT>
__device__ __forceinline__ void chunk_of(const char* row, int chunk, float (&out)[8]) {
  const unsigned char* at = reinterpret_cast<const unsigned char*>(row);
  if constexpr (KEPT == Q8_0) {
    Format<Q8_0>::decode_group<2>(at + chunk / 4 * 34, chunk % 4, out);
  } else {
    Format<KEPT>::template decode_group<Format<KEPT>::widest>(at, chunk, out);
  }
}

// Chunk `chunk` of N rows.
template <DType KEPT, int N>
__device__ __forceinline__ void chunks_of(const char* base, const int64_t (&place)[N], int chunk, float (&out)[N][8]) {
GATUN_UNROLL
  for (int u = 0; u < N; u++) {
    chunk_of<KEPT>(base + place[u], chunk, out[u]);
  }
}

template <int N>
__device__ __forceinline__ void load_chunks(DType kept, const char* base, const int64_t (&place)[N], int chunk, float (&out)[N][8]) {
  switch (kept) {
    case F16:
      return chunks_of<F16>(base, place, chunk, out);
    case BF16:
      return chunks_of<BF16>(base, place, chunk, out);
    case F8_E4M3:
      return chunks_of<F8_E4M3>(base, place, chunk, out);
    case F8_E5M2:
      return chunks_of<F8_E5M2>(base, place, chunk, out);
    case Q8_0:
      return chunks_of<Q8_0>(base, place, chunk, out);
    default:
      return chunks_of<F32>(base, place, chunk, out);
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

template <int SIZE, int GROUP>
__device__ void attention_decode(const AttentionParams& p) {
  constexpr int WARPS = 4;
  constexpr int THREADS = 32 * WARPS;
  constexpr int LANES = SIZE / 8;         // of a row
  constexpr int KEYS = 32 / LANES;        // that a warp reads at a time
  constexpr int UNROLL = 4;               // 32 bytes a lane each: 4 KiB of F32 in flight a warp
  constexpr int BATCHES = 32 / KEYS / UNROLL;
  constexpr int VALUES = UNROLL * GROUP;  // scores that a row's lanes sum at a time
  GATUN_SHARED(float[WARPS * 32 * GROUP], weights);
  GATUN_SHARED(float[WARPS * GROUP * SIZE], sums);
  GATUN_SHARED(float[WARPS * GROUP * 2], states);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  wait_for_prior_kernels();
  launch_dependent_kernels();
  const Decoded d = decoded_of<GROUP, THREADS>(p);
  if (d.split >= d.active) {
    return;  // the whole block
  }
  const Keys& keys = d.keys;
  const int from = d.from;
  const int to = d.to;
  const int chunk = lane % LANES;
  const bool key_lane = chunk * 8 < p.key_size;
  const bool value_lane = chunk * 8 < p.value_size;
  const char* k = p.k + d.head * p.key_head;
  const char* v = p.v + d.head * p.value_head;
  float* scores = weights + warp * 32 * GROUP;

  float query[GROUP][8];
GATUN_UNROLL
  for (int g = 0; g < GROUP; g++) {
    const char* row = query_row(p, d.token, d.query + min(g, d.heads - 1));
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
        load_chunks(p.kept, k, place, chunk, key);
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
        load_chunks(p.kept, v, place, chunk, value);
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

  leave<WARPS, GROUP, SIZE>(p, d, sums, states);
}

// Merges the ranges of one token and query head, a block each: a thread has four elements of every so many ranges, whose sums are then added in order. The
// first values are under way while the ranges' weights are found, so that two reads wait for each other, not three. At most as many ranges as threads.
template <int THREADS>
__device__ void attention_merge(const AttentionParams& p) {
  constexpr int HELD = 4;
  GATUN_SHARED(float[THREADS], shares);
  GATUN_SHARED(float4[THREADS], sums);
  wait_for_prior_kernels();
  launch_dependent_kernels();
  const int query_heads = p.heads * p.group;
  const int head = static_cast<int>(blockIdx.x % query_heads);
  const int unit = static_cast<int>(blockIdx.x / query_heads);
  const int active = static_cast<int>(__float_as_uint(partial_of(p, unit, head, 0)[2]));
  if (active <= 1) {
    return;  // the whole block: no token, or one whose only range is its result
  }
  const int token = decoded_token(p, unit, p.q.size0(), held_count(p.sequence_count, p.sequences));
  const int columns = p.value_size <= 64 ? 16 : p.value_size <= 128 ? 32 : 64;
  const int column = threadIdx.x % columns;
  const int team = threadIdx.x / columns;
  const int teams = THREADS / columns;
  const bool used = column * 4 < p.value_size;
  float4 held[HELD];
  const auto bring = [&](int from) {
GATUN_UNROLL
    for (int i = 0; i < HELD; i++) {
      const int range = from + i * teams + team;
      held[i] = make_float4(0, 0, 0, 0);
      if (used && range < active) {
        held[i] = *reinterpret_cast<const float4*>(partial_of(p, unit, head, range) + kState + column * 4);
      }
    }
  };
  bring(0);
  float own = negative_infinity();
  float weight = 0;
  if (static_cast<int>(threadIdx.x) < active) {
    const float* state = partial_of(p, unit, head, threadIdx.x);
    own = state[0];
    weight = state[1];
  }
  const float top = block_max<THREADS>(own);
  const float share = weight_of(own, top);
  shares[threadIdx.x] = share;  // the barriers of the sum that follows are theirs too
  const float all = block_sum<THREADS>(static_cast<int>(threadIdx.x) < active ? share * weight : 0.0f);
  const float factor = finishing_factor(p, head, top, all, false);
  float4 sum = make_float4(0, 0, 0, 0);
  for (int from = 0; from < active; from += HELD * teams) {
    if (from > 0) {
      bring(from);
    }
GATUN_UNROLL
    for (int i = 0; i < HELD; i++) {
      const int range = from + i * teams + team;
      const float factor_of_range = range < active ? shares[range] : 0.0f;
      sum.x += factor_of_range * held[i].x;
      sum.y += factor_of_range * held[i].y;
      sum.z += factor_of_range * held[i].z;
      sum.w += factor_of_range * held[i].w;
    }
  }
  sums[threadIdx.x] = sum;
  __syncthreads();  // the sums are there
  for (int i = threadIdx.x; i < p.value_size; i += THREADS) {
    float result = 0;
    for (int t = 0; t < teams; t++) {
      result += reinterpret_cast<const float*>(sums)[(t * columns) * 4 + i];
    }
    store(result_row(p, token, head), p.y.dtype, i, result * factor);
  }
}

}  // namespace gatun

#define ATTENTION_DECODE(SIZE)                                                                                 \
  GATUN_KERNEL(attention_decode_##SIZE, AttentionParams, 128, gatun::attention_decode<SIZE, 4>)                \
  GATUN_TILE(attention_decode_##SIZE, programmatic, 1)                                                         \
  GATUN_TILE(attention_decode_##SIZE, in_flight, 16384)
// A group of one head runs as one of four: what that computes for nothing still fits the time that the keys take to arrive.
ATTENTION_DECODE(64)
ATTENTION_DECODE(128)
ATTENTION_DECODE(256)
GATUN_KERNEL(attention_merge_256, AttentionParams, 256, gatun::attention_merge<256>)
GATUN_TILE(attention_merge_256, programmatic, 1)
