// A matrix product as the fastest kernels of sm_90 do it: one thread brings tiles into a ring of stages, two warpgroups multiply them and write the result through
// shared memory and the copy engine; and the same with one mistake each.
#include "gatun/bulk.cuh"
#include "gatun/warpgroup.cuh"

#define RING_PARAMS(FIELD) FIELD(gatun::TensorMap, a) FIELD(gatun::TensorMap, b) FIELD(gatun::TensorMap, d) FIELD(const float*, plain) FIELD(int, steps)
GATUN_PARAMS(RingParams, RING_PARAMS)

namespace gatun {

enum RingMistake {
  kRight, kNoFullWait, kNoEmptyWait, kEarlyRelease, kTooFewBytes, kTooManyBytes, kNoInitDone, kNoInitBarrier, kNoStoreFence, kNoStoreBarrier, kNoStoreWait,
  kNoStoreCommit, kStoreOverwritten, kEarlySums, kChangedSums, kNoFence, kNoCommit, kNoLastWait, kWarpLeftOut, kWarpsDisagree, kUnaligned, kWrongParity,
  kRegistersDiffer, kMapCopied, kPlainRead, kNeverWaited, kUnfencedTile, kUnwrittenTile, kTwiceMade, kUnmade, kGenericBefore, kOneWarpRegisters, kNoRelease
};

// d[128, 64] = a[128, K]·b[64, K] of f16, 64 of K a step: threads 0 to 127 are the producer's warpgroup, the others multiply 64 rows each.
template <int MISTAKE>
__device__ void ring(const RingParams& p) {
  constexpr int kStages = 3;
  constexpr int kA = 128 * 128;
  constexpr int kB = 64 * 128;
  constexpr int kBytes = MISTAKE == kTooFewBytes ? 16 : MISTAKE == kTooManyBytes ? kA + kB + 16 : kA + kB;
  GATUN_BULK_SHARED(unsigned char, shared);
  unsigned char* const tiles = MISTAKE == kUnaligned ? shared + 128 : shared;
  auto* const full = reinterpret_cast<uint64_t*>(shared + kStages * (kA + kB) + 128);
  uint64_t* const empty = full + kStages;
  const int t = threadIdx.x;
  if (t == 0) {
    for (int i = 0; i < kStages; i++) {
      mbarrier_init(&full[i], 1);
      if (MISTAKE != kUnmade) {
        mbarrier_init(&empty[i], 2);
      }
    }
    if (MISTAKE == kTwiceMade) {
      mbarrier_init(&full[0], 1);
    }
    if (MISTAKE == kGenericBefore) {
      shared[0] = 1;
    }
    if (MISTAKE != kNoInitDone) {
      mbarrier_init_done();
    }
  }
  if (MISTAKE != kNoInitBarrier) {
    __syncthreads();
  }
  if (MISTAKE == kPlainRead && t == 7 && full[0] == 1) {
    return;
  }
  if (t < 128) {
    if (MISTAKE != kOneWarpRegisters || t < 32) {
      registers_down<40>();
    }
    if (t == 0) {
      TensorMap copied = p.a;
      const TensorMap& map = MISTAKE == kMapCopied ? copied : p.a;
      for (int i = 0; i < p.steps; i++) {
        const int stage = i % kStages;
        unsigned char* const a = tiles + stage * (kA + kB);
        if (MISTAKE != kNoEmptyWait) {
          mbarrier_wait(&empty[stage], i / kStages % 2 ^ 1);
        }
        mbarrier_expect(&full[stage], kBytes);
        tensor_copy(a, map, i * 64, 0, &full[stage], kEvictFirst);
        tensor_copy(a + kA, p.b, i * 64, 0, &full[stage]);
      }
      if (MISTAKE == kNeverWaited) {
        mbarrier_wait(&empty[p.steps % kStages], p.steps / kStages % 2 ^ 1);
        mbarrier_expect(&full[p.steps % kStages], kB);
        tensor_copy(tiles + p.steps % kStages * (kA + kB), p.b, 0, 0, &full[p.steps % kStages]);
      }
    }
    return;
  }
  if (MISTAKE == kRegistersDiffer && t >= 160 && t < 192) {
    registers_up<240>();
  } else {
    registers_up<232>();
  }
  const int group = t / 128 - 1;
  const int warp = t / 32;
  float d[32];
  for (int i = 0; i < p.steps; i++) {
    const int stage = i % kStages;
    unsigned char* const a = tiles + stage * (kA + kB) + group * 64 * 128;
    unsigned char* const b = tiles + stage * (kA + kB) + kA;
    if (MISTAKE != kNoFullWait) {
      mbarrier_wait(&full[stage], MISTAKE == kWrongParity ? i / kStages % 2 ^ 1 : i / kStages % 2);
    }
    if (MISTAKE == kUnfencedTile && i == 0) {
      *reinterpret_cast<float*>(a + t % 128 * 64) = 0;
      barrier(1 + group, 128);
    }
    if (MISTAKE != kNoFence) {
      wgmma_fence();
    }
    for (int k = 0; k < 4; k++) {
      const uint64_t right = matrix_descriptor(b + k * 32 + (MISTAKE == kUnwrittenTile ? 2 * (kA + kB) : 0), 16, 1024, TileSwizzle::k128);
      if (MISTAKE != kWarpLeftOut || warp != 6) {
        wgmma_f16<64>(d, matrix_descriptor(a + k * 32 + (MISTAKE == kWarpsDisagree && warp == 6 ? 64 : 0), 16, 1024, TileSwizzle::k128), right, i > 0 || k > 0);
      }
    }
    if (MISTAKE != kNoCommit) {
      wgmma_commit();
    }
    if (MISTAKE == kEarlyRelease) {
      if (t % 128 == 0) {
        mbarrier_arrive(&empty[stage]);
      }
      wgmma_wait<0>();
    } else if (MISTAKE != kNoRelease) {
      // The products of the step before are done: its stage goes back.
      wgmma_wait<1>();
      if (i > 0 && t % 128 == 0) {
        mbarrier_arrive(&empty[(i - 1) % kStages]);
      }
    }
  }
  if (MISTAKE == kChangedSums) {
    d[3] = 1;
  }
  if (MISTAKE != kEarlySums && MISTAKE != kNoLastWait) {
    wgmma_wait<0>();
  }
  if (MISTAKE == kNoLastWait) {
    return;
  }
  wgmma_pin(d);
  // The tiles are not needed any more, once both warpgroups are done.
  barrier(3, 256);
  auto* const out = reinterpret_cast<float*>(tiles) + group * 64 * 64;
  for (int i = 0; i < 32; i++) {
    const int row = 16 * (t % 128 / 32) + t % 32 / 4 + 8 * (i / 2 % 2);
    const int column = 8 * (i / 4) + 2 * (t % 4) + i % 2;
    // Two boxes of 32 columns.
    out[column / 32 * 64 * 32 + row * 32 + column % 32] = d[i];
  }
  if (MISTAKE == kEarlySums) {
    wgmma_wait<0>();
  }
  if (MISTAKE != kNoStoreFence) {
    fence_async_proxy();
  }
  if (MISTAKE != kNoStoreBarrier) {
    barrier(1 + group, 128);
  }
  if (t % 128 == 0) {
    tensor_store(p.d, out, 0, group * 64);
    tensor_store(p.d, out + 64 * 32, 32, group * 64);
    if (MISTAKE != kNoStoreCommit) {
      tensor_store_commit();
    }
    if (MISTAKE == kStoreOverwritten) {
      out[5] = 0;
    }
    if (MISTAKE != kNoStoreWait) {
      tensor_store_wait<0>();
    }
  }
}

}  // namespace gatun

#define RING(NAME, MISTAKE) GATUN_KERNEL(NAME, RingParams, 384, gatun::ring<gatun::MISTAKE>)
RING(ring, kRight)
RING(ring_no_full_wait, kNoFullWait)
RING(ring_no_empty_wait, kNoEmptyWait)
RING(ring_early_release, kEarlyRelease)
RING(ring_too_few_bytes, kTooFewBytes)
RING(ring_too_many_bytes, kTooManyBytes)
RING(ring_no_init_done, kNoInitDone)
RING(ring_no_init_barrier, kNoInitBarrier)
RING(ring_no_store_fence, kNoStoreFence)
RING(ring_no_store_barrier, kNoStoreBarrier)
RING(ring_no_store_wait, kNoStoreWait)
RING(ring_no_store_commit, kNoStoreCommit)
RING(ring_store_overwritten, kStoreOverwritten)
RING(ring_early_sums, kEarlySums)
RING(ring_changed_sums, kChangedSums)
RING(ring_no_fence, kNoFence)
RING(ring_no_commit, kNoCommit)
RING(ring_no_last_wait, kNoLastWait)
RING(ring_warp_left_out, kWarpLeftOut)
RING(ring_warps_disagree, kWarpsDisagree)
RING(ring_unaligned, kUnaligned)
RING(ring_wrong_parity, kWrongParity)
RING(ring_registers_differ, kRegistersDiffer)
RING(ring_one_warp_registers, kOneWarpRegisters)
RING(ring_map_copied, kMapCopied)
RING(ring_plain_read, kPlainRead)
RING(ring_never_waited, kNeverWaited)
RING(ring_unfenced_tile, kUnfencedTile)
RING(ring_unwritten_tile, kUnwrittenTile)
RING(ring_twice_made, kTwiceMade)
RING(ring_unmade, kUnmade)
RING(ring_generic_before, kGenericBefore)
RING(ring_no_release, kNoRelease)

#define PIPE_PARAMS(FIELD) FIELD(const float*, a) FIELD(float*, b) FIELD(int, steps)
GATUN_PARAMS(PipeParams, PIPE_PARAMS)

namespace gatun {

// One warp brings 128 numbers a step in one piece, another writes them reversed; bulk copies without a tensor map. LANES: the lane that releases waits for the others;
// NAMED: a named barrier instead of a second mbarrier; ALIGNED: the source is.
template <bool LANES, bool NAMED, bool ALIGNED>
__device__ void pipe(const PipeParams& p) {
  GATUN_BULK_SHARED(float, stages);
  auto* const full = reinterpret_cast<uint64_t*>(stages + 2 * 128);
  uint64_t* const empty = full + 2;
  const int lane = threadIdx.x % 32;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; i++) {
      mbarrier_init(&full[i], 1);
      mbarrier_init(&empty[i], 1);
    }
    mbarrier_init_done();
  }
  __syncthreads();
  for (int i = 0; i < p.steps; i++) {
    const int stage = i % 2;
    if (threadIdx.x < 32) {
      if (NAMED && i > 1) {
        barrier(1 + stage, 64);
      }
      if (lane == 0) {
        if (!NAMED) {
          mbarrier_wait(&empty[stage], i / 2 % 2 ^ 1);
        }
        mbarrier_expect(&full[stage], 512);
        bulk_copy(stages + stage * 128, p.a + i * 128 + (ALIGNED ? 0 : 1), 512, &full[stage]);
      }
    } else {
      mbarrier_wait(&full[stage], i / 2 % 2);
      for (int j = lane; j < 128; j += 32) {
        p.b[i * 128 + j] = stages[stage * 128 + 127 - j];
      }
      if (NAMED) {
        if (i + 2 < p.steps) {
          barrier_arrive(1 + stage, 64);
        }
      } else {
        if (LANES) {
          __syncwarp();
        }
        if (lane == 0) {
          mbarrier_arrive(&empty[stage]);
        }
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(pipe, PipeParams, 64, gatun::pipe<true, false, true>)
GATUN_KERNEL(pipe_lanes_apart, PipeParams, 64, gatun::pipe<false, false, true>)
GATUN_KERNEL(pipe_named, PipeParams, 64, gatun::pipe<true, true, true>)
GATUN_KERNEL(pipe_misaligned, PipeParams, 64, gatun::pipe<true, false, false>)

#define BOX_PARAMS(FIELD) FIELD(gatun::TensorMap, from) FIELD(gatun::TensorMap, to) FIELD(unsigned*, out) FIELD(int, words) FIELD(int, c0) FIELD(int, c1) FIELD(int, c2) FIELD(int, c3)
GATUN_PARAMS(BoxParams, BOX_PARAMS)

namespace gatun {

// What the copy engine leaves in shared memory, word by word; a box of two dimensions goes back into another tensor too.
template <int RANK>
__device__ void box(const BoxParams& p) {
  GATUN_BULK_SHARED(unsigned, words);
  auto* const full = reinterpret_cast<uint64_t*>(words + p.words);
  if (threadIdx.x == 0) {
    mbarrier_init(full, 1);
    mbarrier_init_done();
    mbarrier_expect(full, 4 * p.words);
    if (RANK == 2) {
      tensor_copy(words, p.from, p.c0, p.c1, full);
    } else if (RANK == 3) {
      tensor_copy(words, p.from, p.c0, p.c1, p.c2, full, kEvictLast);
    } else {
      tensor_copy(words, p.from, p.c0, p.c1, p.c2, p.c3, full);
    }
  }
  __syncwarp();
  mbarrier_wait(full, 0);
  for (int i = threadIdx.x; i < p.words; i += 32) {
    p.out[i] = words[i];
  }
  if (RANK == 2 && threadIdx.x == 0) {
    tensor_store(p.to, words, p.c0, p.c1);
    tensor_store_commit();
    tensor_store_wait<0>();
  }
}

}  // namespace gatun

GATUN_KERNEL(box_2, BoxParams, 32, gatun::box<2>)
GATUN_KERNEL(box_3, BoxParams, 32, gatun::box<3>)
GATUN_KERNEL(box_4, BoxParams, 32, gatun::box<4>)
