// Kernels with one mistake each, and beside some of them the same without it.
#include "gatun/platform.cuh"

#define WRONG_PARAMS(FIELD) FIELD(float*, a) FIELD(float*, b) FIELD(unsigned*, counter) FIELD(int, n)
GATUN_PARAMS(WrongParams, WRONG_PARAMS)

namespace gatun {

__device__ void read_past_end(const WrongParams& p) { p.b[threadIdx.x] = p.a[threadIdx.x + p.n]; }
__device__ void write_past_end(const WrongParams& p) { p.b[threadIdx.x + p.n] = 1; }
__device__ void read_before_start(const WrongParams& p) { p.b[0] = p.a[-1]; }
__device__ void write_wild(const WrongParams& p) { *reinterpret_cast<float*>(static_cast<intptr_t>(p.n)) = 1; }
__device__ void write_params(const WrongParams& p) { const_cast<WrongParams&>(p).n = 1; }

// A pointer to one thread's local variable, followed by another thread.
__device__ void read_foreign_stack(const WrongParams& p) {
  int local[4] = {p.n, 1, 2, 3};
  GATUN_SHARED(int*, pointer);
  if (threadIdx.x == 0) {
    pointer = local;
  }
  __syncthreads();
  p.b[threadIdx.x] = static_cast<float>(pointer[p.n]);
  __syncthreads();
}

__device__ void misaligned_vector(const WrongParams& p) {
  const float4 v = *reinterpret_cast<const float4*>(p.a + 1);
  p.b[0] = v.x + v.w;
}

__device__ void misaligned_word(const WrongParams& p) { p.b[0] = *reinterpret_cast<const float*>(reinterpret_cast<const char*>(p.a) + 2); }

// A float array in shared memory is aligned for floats; where it happens to lie is luck.
__device__ void shared_vector_by_luck(const WrongParams& p) {
  GATUN_SHARED(float[64], tile);
  tile[threadIdx.x] = 1;
  __syncwarp();
  p.b[threadIdx.x] = reinterpret_cast<const float4*>(tile)[threadIdx.x / 4].x;
}

__device__ void shared_past_end(const WrongParams& p) {
  GATUN_SHARED(float[32], tile);
  GATUN_SHARED(float[32], other);
  other[threadIdx.x] = 0;
  tile[threadIdx.x + p.n] = 1;
}

__device__ void dynamic_past_end(const WrongParams& p) {
  GATUN_DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x + p.n] = 1;
}

__device__ void shared_uninitialised(const WrongParams& p) {
  GATUN_SHARED(float[64], tile);
  tile[threadIdx.x] = 1;
  __syncthreads();
  p.b[threadIdx.x] = tile[threadIdx.x + 32];
}

template <bool BARRIER>
__device__ void reverse(const WrongParams& p) {
  GATUN_SHARED(float[64], tile);
  tile[threadIdx.x] = p.a[threadIdx.x];
  if (BARRIER) {
    __syncthreads();
  }
  p.b[threadIdx.x] = tile[63 - threadIdx.x];
}

// The array is written again while others may still read it.
template <bool BARRIER>
__device__ void reverse_twice(const WrongParams& p) {
  GATUN_SHARED(float[64], tile);
  float sum = 0;
  for (int i = 0; i < 2; i++) {
    tile[threadIdx.x] = p.a[threadIdx.x] + i;
    __syncthreads();
    sum += tile[63 - threadIdx.x];
    if (BARRIER) {
      __syncthreads();
    }
  }
  p.b[threadIdx.x] = sum;
}

// Within a warp; a shuffle does not order memory.
template <int WAY>
__device__ void warp_neighbour(const WrongParams& p) {
  GATUN_SHARED(float[32], tile);
  tile[threadIdx.x] = p.a[threadIdx.x];
  if (WAY == 1) {
    __shfl_xor_sync(0xFFFFFFFFu, 0, 1);
  }
  if (WAY == 2) {
    __syncwarp();
  }
  p.b[threadIdx.x] = tile[threadIdx.x ^ 1];
}

// Two producers' warps and two consumers' by a named barrier; the right one is for all four.
template <int THREADS>
__device__ void named(const WrongParams& p) {
  GATUN_SHARED(float[64], tile);
  const int warp = threadIdx.x / 32;
  if (warp < 2) {
    tile[threadIdx.x] = p.a[threadIdx.x];
    barrier(1, THREADS);
  } else {
    barrier(THREADS == 128 ? 1 : 2, THREADS);
    p.b[threadIdx.x - 64] = tile[127 - threadIdx.x];
  }
}

__device__ void global_race_in_block(const WrongParams& p) {
  p.b[threadIdx.x] = 1;
  p.a[threadIdx.x] = p.b[63 - threadIdx.x];
}

__device__ void global_race_between_blocks(const WrongParams& p) {
  p.b[blockIdx.x * 32 + threadIdx.x] = 1;
  __threadfence();
  __syncthreads();
  p.a[blockIdx.x * 32 + threadIdx.x] = p.b[(blockIdx.x ^ 1) * 32 + threadIdx.x];
}

__device__ void all_write_one(const WrongParams& p) { p.b[0] = static_cast<float>(blockIdx.x); }

__device__ void atomic_and_plain(const WrongParams& p) {
  atomicAdd(p.counter, 1u);
  p.b[threadIdx.x] = static_cast<float>(*p.counter);
}

// Each block stores a sum, the last one to come adds them up.
template <bool FENCE, bool BARRIER>
__device__ void last_block_sums(const WrongParams& p) {
  GATUN_SHARED(int, last);
  p.b[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<float>(blockIdx.x + 1);
  if (FENCE) {
    __threadfence();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(p.counter, 1u) == gridDim.x - 1;
  }
  if (BARRIER) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  if (last) {
    float sum = 0;
    for (unsigned i = 0; i < gridDim.x; i++) {
      sum += p.b[i * blockDim.x + threadIdx.x];
    }
    p.a[threadIdx.x] = sum;
    if (threadIdx.x == 0) {
      *p.counter = 0;
    }
  }
}

__device__ void divergent_barrier(const WrongParams& p) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    p.b[threadIdx.x] = 0;
    __syncthreads();
  }
}

__device__ void barrier_after_exit(const WrongParams& p) {
  if (static_cast<int>(threadIdx.x) >= p.n) {
    return;
  }
  __syncthreads();
}

__device__ void exited_lane(const WrongParams& p) {
  if (threadIdx.x == 7) {
    return;
  }
  p.b[threadIdx.x] = __shfl_xor_sync(0xFFFFFFFFu, 1.0f, 1);
}

__device__ void outside_own_mask(const WrongParams& p) { p.b[threadIdx.x] = __shfl_sync(0x0000FFFFu, 1.0f, 0); }

__device__ void reads_unnamed_lane(const WrongParams& p) {
  if (threadIdx.x < 16) {
    p.b[threadIdx.x] = __shfl_sync(0x0000FFFFu, 1.0f, 20);
  }
}

__device__ void lanes_disagree(const WrongParams& p) {
  if (threadIdx.x < 16) {
    p.b[threadIdx.x] = __shfl_xor_sync(0xFFFFFFFFu, 1.0f, 1);
  } else {
    p.b[threadIdx.x] = __shfl_down_sync(0xFFFFFFFFu, 1.0f, 1);
  }
}

__device__ void deadlock(const WrongParams& p) {
  if (threadIdx.x < 32) {
    barrier(1, 64);
  } else {
    barrier(2, 64);
  }
  p.b[threadIdx.x] = 0;
}

__device__ void warp_waits_for_block(const WrongParams& p) {
  if (threadIdx.x == 0) {
    __syncthreads();
  }
  p.b[threadIdx.x] = __shfl_xor_sync(0xFFFFFFFFu, 1.0f, 1);
  if (threadIdx.x != 0) {
    __syncthreads();
  }
}

// 0: right; 1: no wait; 2: no commit; 3: no barrier; 4: waits for all but one group; 5: written again before it landed.
template <int MISTAKE>
__device__ void copies(const WrongParams& p) {
  GATUN_SHARED(float4[32], tile);
  cp_async16(&tile[threadIdx.x], p.a + 4 * threadIdx.x);
  if (MISTAKE != 2) {
    cp_async_commit();
  }
  if (MISTAKE == 5) {
    tile[threadIdx.x] = make_float4(0, 0, 0, 0);
  }
  if (MISTAKE == 4) {
    cp_async_wait<1>();
  } else if (MISTAKE != 1) {
    cp_async_wait<0>();
  }
  if (MISTAKE != 3) {
    __syncthreads();
  }
  p.b[threadIdx.x] = tile[31 - threadIdx.x].x;
}

__device__ void misaligned_copy(const WrongParams& p) {
  GATUN_SHARED(float4[32], tile);
  cp_async16(&tile[threadIdx.x], p.a + 1);
  cp_async_commit();
  cp_async_wait<0>();
}

__device__ void copy_past_end(const WrongParams& p) {
  GATUN_SHARED(float4[32], tile);
  cp_async16(&tile[threadIdx.x], p.a + p.n - 2);
  cp_async_commit();
  cp_async_wait<0>();
}

__device__ void misaligned_matrix(const WrongParams& p) {
  GATUN_SHARED(uint4[33], tile);
  tile[threadIdx.x] = make_uint4(0, 0, 0, 0);
  if (threadIdx.x == 0) {
    tile[32] = make_uint4(0, 0, 0, 0);
  }
  __syncwarp();
  uint32_t r[4];
  ldmatrix4(r, reinterpret_cast<const char*>(&tile[threadIdx.x]) + 2);
  p.b[threadIdx.x] = static_cast<float>(r[0]);
}

__device__ void matrix_without_barrier(const WrongParams& p) {
  GATUN_SHARED(uint4[32], tile);
  tile[threadIdx.x] = make_uint4(0, 0, 0, 0);
  uint32_t r[4];
  ldmatrix4(r, &tile[31 - threadIdx.x]);
  p.b[threadIdx.x] = static_cast<float>(r[0]);
}

__device__ void too_much_shared(const WrongParams& p) {
  GATUN_SHARED(float[12 * 1024], most);
  GATUN_SHARED(float[32], more);
  most[threadIdx.x] = 0;
  more[threadIdx.x] = 0;
  p.b[threadIdx.x] = most[threadIdx.x] + more[threadIdx.x];
}

__attribute__((noinline)) float deep(const WrongParams& p, int depth) {
  float local[256];
  for (int i = 0; i < 256; i++) {
    local[i] = p.a[i & 31] + depth;
  }
  return depth == 0 ? local[p.n & 255] : deep(p, depth - 1) + local[(p.n + depth) & 255];
}

__device__ void deep_stack(const WrongParams& p) { p.b[threadIdx.x] = deep(p, 500); }

// Neighbouring threads write the halves of one word, and read only their own: right.
__device__ void halves_of_a_word(const WrongParams& p) {
  GATUN_SHARED(uint16_t[64], tile);
  tile[threadIdx.x] = static_cast<uint16_t>(threadIdx.x);
  tile[threadIdx.x] += 1;
  uint16_t* out = reinterpret_cast<uint16_t*>(p.b);
  out[threadIdx.x] = tile[threadIdx.x];
  out[threadIdx.x] += 1;
}

}  // namespace gatun

GATUN_KERNEL(read_past_end, WrongParams, 32, gatun::read_past_end)
GATUN_KERNEL(write_past_end, WrongParams, 32, gatun::write_past_end)
GATUN_KERNEL(read_before_start, WrongParams, 32, gatun::read_before_start)
GATUN_KERNEL(write_wild, WrongParams, 32, gatun::write_wild)
GATUN_KERNEL(write_params, WrongParams, 32, gatun::write_params)
GATUN_KERNEL(read_foreign_stack, WrongParams, 64, gatun::read_foreign_stack)
GATUN_KERNEL(misaligned_vector, WrongParams, 32, gatun::misaligned_vector)
GATUN_KERNEL(misaligned_word, WrongParams, 32, gatun::misaligned_word)
GATUN_KERNEL(shared_vector_by_luck, WrongParams, 32, gatun::shared_vector_by_luck)
GATUN_KERNEL(shared_past_end, WrongParams, 32, gatun::shared_past_end)
GATUN_KERNEL(dynamic_past_end, WrongParams, 32, gatun::dynamic_past_end)
GATUN_KERNEL(shared_uninitialised, WrongParams, 32, gatun::shared_uninitialised)
GATUN_KERNEL(reverse, WrongParams, 64, gatun::reverse<true>)
GATUN_KERNEL(reverse_unordered, WrongParams, 64, gatun::reverse<false>)
GATUN_KERNEL(reverse_twice, WrongParams, 64, gatun::reverse_twice<true>)
GATUN_KERNEL(reverse_twice_unordered, WrongParams, 64, gatun::reverse_twice<false>)
GATUN_KERNEL(neighbour_unordered, WrongParams, 32, gatun::warp_neighbour<0>)
GATUN_KERNEL(neighbour_by_shuffle, WrongParams, 32, gatun::warp_neighbour<1>)
GATUN_KERNEL(neighbour, WrongParams, 32, gatun::warp_neighbour<2>)
GATUN_KERNEL(named, WrongParams, 128, gatun::named<128>)
GATUN_KERNEL(named_apart, WrongParams, 128, gatun::named<64>)
GATUN_KERNEL(global_race_in_block, WrongParams, 64, gatun::global_race_in_block)
GATUN_KERNEL(global_race_between_blocks, WrongParams, 32, gatun::global_race_between_blocks)
GATUN_KERNEL(all_write_one, WrongParams, 1, gatun::all_write_one)
GATUN_KERNEL(atomic_and_plain, WrongParams, 64, gatun::atomic_and_plain)
GATUN_KERNEL(last_block_sums, WrongParams, 64, gatun::last_block_sums<true, true>)
GATUN_KERNEL(last_block_unfenced, WrongParams, 32, gatun::last_block_sums<false, true>)
GATUN_KERNEL(divergent_barrier, WrongParams, 64, gatun::divergent_barrier)
GATUN_KERNEL(barrier_after_exit, WrongParams, 64, gatun::barrier_after_exit)
GATUN_KERNEL(exited_lane, WrongParams, 32, gatun::exited_lane)
GATUN_KERNEL(outside_own_mask, WrongParams, 32, gatun::outside_own_mask)
GATUN_KERNEL(reads_unnamed_lane, WrongParams, 32, gatun::reads_unnamed_lane)
GATUN_KERNEL(lanes_disagree, WrongParams, 32, gatun::lanes_disagree)
GATUN_KERNEL(deadlock, WrongParams, 64, gatun::deadlock)
GATUN_KERNEL(warp_waits_for_block, WrongParams, 32, gatun::warp_waits_for_block)
GATUN_KERNEL(copies, WrongParams, 32, gatun::copies<0>)
GATUN_KERNEL(copies_no_wait, WrongParams, 32, gatun::copies<1>)
GATUN_KERNEL(copies_no_commit, WrongParams, 32, gatun::copies<2>)
GATUN_KERNEL(copies_no_barrier, WrongParams, 32, gatun::copies<3>)
GATUN_KERNEL(copies_late_wait, WrongParams, 32, gatun::copies<4>)
GATUN_KERNEL(copies_overwritten, WrongParams, 32, gatun::copies<5>)
GATUN_KERNEL(misaligned_copy, WrongParams, 32, gatun::misaligned_copy)
GATUN_KERNEL(copy_past_end, WrongParams, 32, gatun::copy_past_end)
GATUN_KERNEL(misaligned_matrix, WrongParams, 32, gatun::misaligned_matrix)
GATUN_KERNEL(matrix_without_barrier, WrongParams, 32, gatun::matrix_without_barrier)
GATUN_KERNEL(too_much_shared, WrongParams, 32, gatun::too_much_shared)
GATUN_KERNEL(deep_stack, WrongParams, 32, gatun::deep_stack)
GATUN_KERNEL(halves_of_a_word, WrongParams, 64, gatun::halves_of_a_word)

namespace gatun {

// A warp waits for another's word by atomics, which is allowed; one that nobody writes never comes.
__device__ void wait_for_word(const WrongParams& p) {
  GATUN_SHARED(unsigned[1], word);
  if (threadIdx.x == 0) {
    word[0] = 0;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    while (atomicAdd(&word[0], 0u) != 1) {
    }
    p.b[0] = 1;
  }
  if (threadIdx.x == 32 && p.n == 0) {
    atomicExch(&word[0], 1u);
  }
}

__device__ void wait_by_loads(const WrongParams& p) {
  while (*static_cast<volatile unsigned*>(p.counter) != 1) {
  }
}

}  // namespace gatun

GATUN_KERNEL(wait_for_word, WrongParams, 64, gatun::wait_for_word)
GATUN_KERNEL(wait_by_loads, WrongParams, 32, gatun::wait_by_loads)
