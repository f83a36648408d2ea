// A ring of stages filled by the copy engine and emptied by warpgroups: the right one against a plain loop, and what is said of each mistake.
#include <cmath>

#include "tiles.h"

namespace gatun::emulator::test {

namespace {

struct alignas(64) RingParams {
  TensorMap a, b, d;
  const float* plain;
  int steps;
};

struct Ring {
  RingParams params;
  float* d;
  int steps;
};

constexpr size_t kShared = 3 * (128 + 64) * 128 + 128 + 6 * 8;

Ring ring_of(int steps, int cut = 0) {
  const int depth = steps * 64;
  Ring ring{};
  ring.steps = steps;
  ring.d = allocate_of<float>(128 * 64);
  ring.params.a = map_of(fill(kF16, 128, depth, 3, false), kF16, static_cast<uint32_t>(depth), 128, 64, 128, 3);
  ring.params.b = map_of(fill(kF16, 64, depth - cut, 5, false), kF16, static_cast<uint32_t>(depth - cut), 64, 64, 64, 3);
  ring.params.d = map_of(ring.d, kF32, 64, 128, 32, 64, 0);
  ring.params.steps = steps;
  return ring;
}

void right_ring_multiplies(int steps, int cut) {
  const Ring ring = ring_of(steps, cut);
  const std::string name = "ring of " + std::to_string(steps) + " steps, " + std::to_string(cut) + " of K cut off";
  expect_clean(launch("gatun_ring", Dim3{}, 384, ring.params, kShared), name);
  const int depth = steps * 64;
  int wrong = 0;
  for (int r = 0; r < 128; r++) {
    for (int c = 0; c < 64; c++) {
      float sum = 0;
      for (int k = 0; k < depth - cut; k++) {
        sum += value((r * depth + k) * 3) * value((c * (depth - cut) + k) * 5);
      }
      wrong += ring.d[r * 64 + c] != sum;
    }
  }
  expect(wrong == 0, name + ": " + std::to_string(wrong) + " sums are wrong");
  release_all();
}

void says(const char* symbol, const std::optional<Fault>& fault, int result, const std::vector<const char*>& texts) {
  expect(fault && fault->result == result, std::string(symbol) + ": " + (fault ? std::to_string(fault->result) + " " + fault->message : "no fault"));
  for (const char* const text : texts) {
    expect(fault && fault->message.find(text) != std::string::npos,
           std::string(symbol) + ": expected \"" + text + "\" in: " + (fault ? fault->message : "no fault"));
  }
  expect(!fault || fault->message.find(std::string("gatun_") + symbol + " block (") == 0, std::string(symbol) + ": names kernel and block first");
}

struct Case {
  const char* symbol;
  int result;
  std::vector<const char*> texts;
};

void mistakes_are_found() {
  const Case cases[] = {
      {"ring_no_full_wait", 719, {"wgmma_f16 (ring.cu:", "reads 16 bytes", "shared 'dynamic'"}},
      {"ring_no_empty_wait", 719, {"tensor_copy (ring.cu:"}},
      {"ring_early_release", 719, {"wgmma"}},
      {"ring_too_few_bytes", 719, {"tensor_copy (ring.cu:", "bytes more have landed than were announced"}},
      {"ring_too_many_bytes", 719, {"deadlock", "in mbarrier_wait (ring.cu:", "0 of 1 arrivals are missing, 16 bytes announced have not landed"}},
      {"ring_no_init_done", 719, {"without mbarrier_init_done"}},
      {"ring_no_init_barrier", 719, {"mbarrier"}},
      {"ring_no_store_fence", 719, {"tensor_store (ring.cu:", "reads", "by an ordinary store, and no fence_async_proxy"}},
      {"ring_no_store_barrier", 719, {"tensor_store (ring.cu:", "reads"}},
      {"ring_no_store_wait", 719, {"has exited, but its tensor_store (ring.cu:", "never waited for"}},
      {"ring_no_store_commit", 719, {"has exited, but its tensor_store (ring.cu:", "never waited for"}},
      {"ring_store_overwritten", 719, {"race: writes 4 bytes", "a tensor_store read"}},
      {"ring_changed_sums", 719, {"the sums of wgmma_f16 (ring.cu:", "were changed while it was under way"}},
      {"ring_no_fence", 719, {"without a wgmma_fence before it"}},
      {"ring_no_commit", 719, {"wgmma"}},
      {"ring_no_last_wait", 719, {"has exited, but its wgmma_f16 (ring.cu:", "never waited for"}},
      {"ring_warp_left_out", 719, {"deadlock", "in wgmma_wait (ring.cu:", "96 of 128 threads of the warpgroup"}},
      {"ring_warps_disagree", 719, {"warps of a warpgroup diverge: wgmma_f16 (ring.cu:", "with other operands"}},
      {"ring_unaligned", 716, {"tensor_copy (ring.cu:", "at a multiple of 1024"}},
      {"ring_wrong_parity", 719, {}},
      {"ring_registers_differ", 719, {"warps of a warpgroup diverge: registers_up"}},
      {"ring_one_warp_registers", 719, {"32 of 128 threads of warps 0-3 came by a change to 40 registers"}},
      {"ring_map_copied", 719, {"not a parameter of the kernel"}},
      {"ring_plain_read", 719, {"reads 8 bytes", "of an mbarrier"}},
      {"ring_never_waited", 719, {"the block is at its end, but the tensor_copy (ring.cu:", "never waited for"}},
      {"ring_unfenced_tile", 719, {"wgmma_f16 (ring.cu:", "by an ordinary store, and no fence_async_proxy"}},
      {"ring_unwritten_tile", 719, {"wgmma_f16 (ring.cu:", "reads 16 bytes"}},
      {"ring_twice_made", 719, {"which is a barrier already"}},
      {"ring_unmade", 719, {"where no mbarrier_init made a barrier"}},
      {"ring_generic_before", 719, {"tensor_copy (ring.cu:", "by an ordinary store, and no fence_async_proxy"}},
      {"ring_no_release", 719, {"deadlock", "2 of 2 arrivals are missing"}},
  };
  for (const Case& c : cases) {
    const Ring ring = ring_of(8);
    says(c.symbol, launch((std::string("gatun_") + c.symbol).c_str(), Dim3{}, 384, ring.params, kShared), c.result, c.texts);
    release_all();
  }
  // Sums that are read too early are no numbers.
  const Ring ring = ring_of(2);
  launch("gatun_ring_early_sums", Dim3{}, 384, ring.params, kShared);
  int numbers = 0;
  for (int i = 0; i < 128 * 64; i++) {
    numbers += !std::isnan(ring.d[i]);
  }
  expect(numbers == 0, "ring_early_sums: " + std::to_string(numbers) + " of the sums are numbers");
  release_all();
}

struct PipeParams {
  const float* a;
  float* b;
  int steps;
};

PipeParams pipe_of(int steps) {
  auto* const a = allocate_of<float>(static_cast<size_t>(steps * 128));
  for (int i = 0; i < steps * 128; i++) {
    a[i] = value(i);
  }
  return PipeParams{a, allocate_of<float>(static_cast<size_t>(steps * 128)), steps};
}

void pipes_deliver(const char* symbol) {
  const PipeParams params = pipe_of(9);
  expect_clean(launch(symbol, Dim3{2, 1, 1}, 64, PipeParams{params.a, params.b, 0}, 1024 + 32), std::string(symbol) + " without steps");
  expect_clean(launch(symbol, Dim3{}, 64, params, 1024 + 32), symbol);
  for (int i = 0; i < 9 * 128; i++) {
    expect(params.b[i] == value(i / 128 * 128 + 127 - i % 128), std::string(symbol) + " at " + std::to_string(i));
  }
  release_all();
}

void boxes_are_held_to_memory() {
  Ring ring = ring_of(2);
  ring.params.a.sizes[1] += 1;
  expect_clean(launch("gatun_ring", Dim3{}, 384, ring.params, kShared), "a tensor that is higher than the boxes");
  ring.params.a.address += 64;
  says("ring", launch("gatun_ring", Dim3{}, 384, ring.params, kShared), 700, {"tensor_copy (ring.cu:", "reads", "of allocation"});
  ring = ring_of(2);
  ring.params.d.strides[0] += 16;
  says("ring", launch("gatun_ring", Dim3{}, 384, ring.params, kShared), 700, {"tensor_store (ring.cu:", "writes", "of allocation"});
  ring = ring_of(2);
  ring.params.b.magic++;
  says("ring", launch("gatun_ring", Dim3{}, 384, ring.params, kShared), 719, {"tensor_copy (ring.cu:", "that cuTensorMapEncodeTiled did not make"});
  ring = ring_of(2);
  ring.params.b.rank = 3;
  says("ring", launch("gatun_ring", Dim3{}, 384, ring.params, kShared), 719, {"of 2 coordinates; the tensor map has 3 dimensions"});
  release_all();
}

struct alignas(64) BoxParams {
  TensorMap from, to;
  unsigned* out;
  int words;
  int at[4];
};

// Boxes across every edge of a tensor of 2-byte elements, [4, 5, 6, width] or its last two or three dimensions.
void boxes_arrive(int rank, unsigned swizzle) {
  const int width = 8 << swizzle;
  const int sizes[] = {2 * width + 8, 6, 5, 4};
  const int box[] = {width, 4, rank > 2 ? 3 : 1, rank > 3 ? 2 : 1};
  BoxParams params{};
  TensorMap& map = params.from;
  map.magic = TensorMap::expected_magic;
  map.rank = static_cast<uint8_t>(rank);
  map.element_bytes = 2;
  map.swizzle = static_cast<uint8_t>(swizzle);
  int elements = 1;
  params.words = 1;
  for (int i = 0; i < rank; i++) {
    elements *= sizes[i];
    map.sizes[i] = static_cast<uint32_t>(sizes[i] - 1);
    map.box[i] = static_cast<uint16_t>(box[i]);
    map.element_strides[i] = 1;
    map.strides[i] = static_cast<uint64_t>(elements) * 2;
    params.words *= box[i];
  }
  params.words /= 2;
  auto* const tensor = allocate_of<uint16_t>(static_cast<size_t>(elements));
  auto* const back = allocate_of<uint16_t>(static_cast<size_t>(elements));
  for (int i = 0; i < elements; i++) {
    tensor[i] = static_cast<uint16_t>(i + 1);
  }
  map.address = reinterpret_cast<uintptr_t>(tensor);
  params.to = map;
  params.to.address = reinterpret_cast<uintptr_t>(back);
  params.out = allocate_of<unsigned>(static_cast<size_t>(params.words));
  for (const int c0 : {-8, 0, width, 2 * width}) {
    for (const int shift : {-2, 0, 3}) {
      const std::string name = "box of " + std::to_string(rank) + " dimensions, swizzle " + std::to_string(swizzle) + ", at " + std::to_string(c0) + " and " +
                               std::to_string(shift);
      const int at[] = {c0, shift, shift + 1, shift};
      std::copy(at, at + 4, params.at);
      std::memset(back, 0, static_cast<size_t>(elements) * 2);
      expect_clean(launch(("gatun_box_" + std::to_string(rank)).c_str(), Dim3{}, 32, params, static_cast<size_t>(params.words) * 4 + 8), name);
      int wrong = 0;
      int stored = 0;
      for (int i = 0; i < params.words * 2; i++) {
        const int in[] = {i % width, i / width % box[1], i / width / box[1] % box[2], i / width / box[1] / box[2]};
        int from = 0;
        int step = 1;
        bool inside = true;
        for (int j = 0; j < rank; j++) {
          const int index = at[j] + in[j];
          inside = inside && index >= 0 && index < sizes[j];
          from += index * step;
          step *= sizes[j];
        }
        // Chunk c of row r of the pattern, rows of 128 bytes: with c ^ r for 128 bytes, c ^ r / 2 in pairs of rows for 64, c ^ r / 4 for 32.
        const int byte = 2 * i;
        const int row = byte / 128 % 8;
        const int chunk = byte / 16 % 8 ^ (swizzle == 3 ? row : swizzle == 2 ? row % 4 : swizzle == 1 ? row % 2 : 0);
        const int at_byte = byte / 128 * 128 + chunk * 16 + byte % 16;
        uint16_t got;
        std::memcpy(&got, reinterpret_cast<const char*>(params.out) + at_byte, 2);
        wrong += got != (inside ? tensor[from] : 0);
        stored += inside && rank == 2 && back[from] == tensor[from];
      }
      expect(wrong == 0, name + ": " + std::to_string(wrong) + " elements are wrong");
      int written = 0;
      for (int i = 0; i < elements; i++) {
        written += back[i] != 0;
      }
      expect(written == stored, name + ": " + std::to_string(written) + " elements stored, " + std::to_string(stored) + " of them right");
    }
  }
  release_all();
}

}  // namespace

std::optional<Fault> run_ring(const char* symbol) {
  const auto fault = launch(symbol, Dim3{}, 384, ring_of(7).params, kShared);
  return fault;
}

std::optional<Fault> run_pipe(const char* symbol) { return launch(symbol, Dim3{}, 64, pipe_of(20), 1024 + 32); }

void test_rings() {
  for (const int steps : {1, 2, 3, 4, 11}) {
    right_ring_multiplies(steps, 0);
  }
  right_ring_multiplies(5, 24);
  for (const char* const symbol : {"gatun_pipe", "gatun_pipe_named"}) {
    pipes_deliver(symbol);
  }
  for (unsigned swizzle = 0; swizzle < 4; swizzle++) {
    for (int rank = 2; rank < 5; rank++) {
      boxes_arrive(rank, swizzle);
    }
  }
  if (!checks_all()) {
    return;
  }
  mistakes_are_found();
  boxes_are_held_to_memory();
  says("pipe_lanes_apart", launch("gatun_pipe_lanes_apart", Dim3{}, 64, pipe_of(20), 1024 + 32), 719, {"race", "bulk_copy (ring.cu:", "writes", "read"});
  says("pipe_misaligned", launch("gatun_pipe_misaligned", Dim3{}, 64, pipe_of(2), 1024 + 32), 716, {"bulk_copy (ring.cu:", "multiple of 16"});
  release_all();
}

}  // namespace gatun::emulator::test
