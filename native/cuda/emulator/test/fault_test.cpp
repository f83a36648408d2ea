// Every check, against a kernel that makes the mistake, and against the same kernel without it.
#include <unistd.h>

#include "harness.h"

namespace gatun::emulator::test {

namespace {

struct WrongParams {
  float* a;
  float* b;
  unsigned* counter;
  int n;
};

struct Case {
  const char* symbol;
  unsigned blocks, threads;
  int n;
  int result;                       // 0: no fault
  std::vector<const char*> says;    // in the message
  size_t dynamic_shared = 0;
};

constexpr int kElements = 128;

void run(const Case& c) {
  WrongParams params{allocate_of<float>(kElements), allocate_of<float>(kElements), allocate_of<unsigned>(1), c.n};
  for (int i = 0; i < kElements; i++) {
    params.a[i] = static_cast<float>(i);
  }
  *params.counter = 0;
  const std::optional<Fault> fault = launch((std::string("gatun_") + c.symbol).c_str(), Dim3{c.blocks, 1, 1}, c.threads, params, c.dynamic_shared);
  if (c.result == 0) {
    expect(!fault, std::string(c.symbol) + " is right, but: " + (fault ? fault->message : ""));
  } else {
    expect(fault && fault->result == c.result,
           std::string(c.symbol) + ": expected " + std::to_string(c.result) + ", got " +
                (fault ? std::to_string(fault->result) + " " + fault->message : "no fault"));
    for (const char* const text : c.says) {
      expect(fault && fault->message.find(text) != std::string::npos,
             std::string(c.symbol) + ": expected \"" + text + "\" in: " + (fault ? fault->message : "no fault"));
    }
    expect(!fault || (fault->message.find(std::string("gatun_") + c.symbol + " block (") == 0 && fault->message.find('\n') == std::string::npos),
           std::string(c.symbol) + ": names kernel and block first, on one line");
  }
  release_all();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// What the sanitizer's runtime finds instead of the machine; it ends the process, so each of these is one of its own.
struct Sanitized {
  const char* symbol;
  unsigned blocks, threads;
  int n;
  const char* says;  // null: nothing is wrong
  size_t dynamic_shared = 0;
};

#if defined(__SANITIZE_ADDRESS__)
constexpr Sanitized kSanitizedCases[] = {
    {"read_past_end", 1, 32, 97, "use-after-poison"},    {"read_past_end", 1, 32, 96, nullptr},
    {"write_past_end", 1, 32, 97, "use-after-poison"},   {"misaligned_vector", 1, 1, 0, "misaligned address"},
    {"shared_past_end", 1, 32, 1, "out of bounds"},      {"shared_past_end", 1, 32, 0, nullptr},
    {"dynamic_past_end", 1, 32, 1, "use-after-poison", 128}, {"dynamic_past_end", 1, 32, 0, nullptr, 128},
    {"use_after_free", 1, 32, 0, "use-after-poison"},    {"deadlock", 1, 64, 0, nullptr},
    {"copies", 1, 32, 0, nullptr},                       {"last_block_sums", 4, 32, 0, nullptr},
};
#else
constexpr Sanitized kSanitizedCases[] = {
    {"reverse_unordered", 1, 64, 0, "data race"},        {"reverse", 1, 64, 0, nullptr},
    {"reverse_twice_unordered", 1, 64, 0, "data race"},  {"reverse_twice", 1, 64, 0, nullptr},
    {"neighbour_by_shuffle", 1, 32, 0, "data race"},     {"neighbour", 1, 32, 0, nullptr},
    {"named_apart", 1, 128, 0, "data race"},             {"named", 1, 128, 0, nullptr},
    {"global_race_in_block", 1, 64, 0, "data race"},     {"last_block_sums", 4, 32, 0, nullptr},
    {"copies_no_barrier", 1, 32, 0, "data race"},        {"copies", 1, 32, 0, nullptr},
    {"matrix_without_barrier", 1, 32, 0, "data race"},   {"deadlock", 1, 64, 0, nullptr},
};
#endif

void run_in_child(const Sanitized& c) {
  char self[4096] = {};
  expect(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "this program has no name");
  const auto at = std::to_string(&c - kSanitizedCases);
  const std::string command = "'" + std::string(self) + "' " + at + " 2>&1";
  std::string output;
  FILE* const pipe = popen(command.c_str(), "r");
  expect(pipe != nullptr, "cannot start " + command);
  char part[4096];
  for (size_t read; (read = fread(part, 1, sizeof(part), pipe)) > 0;) {
    output.append(part, read);
  }
  const int status = pclose(pipe);
  if (c.says == nullptr) {
    expect(status == 0 && output.empty(), std::string(c.symbol) + " is right, but: " + output);
  } else {
    expect(status != 0 && output.find(c.says) != std::string::npos, std::string(c.symbol) + ": expected \"" + c.says + "\" in: " + output);
  }
}

#endif

}  // namespace

int run_wrong_kernel([[maybe_unused]] const char* number) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const Sanitized& c = kSanitizedCases[std::atoi(number)];
  WrongParams params{allocate_of<float>(kElements), allocate_of<float>(kElements), allocate_of<unsigned>(1), c.n};
  std::memset(params.a, 0, kElements * sizeof(float));
  *params.counter = 0;
  const bool freed = std::strcmp(c.symbol, "use_after_free") == 0;
  if (freed) {
    release(params.a);
  }
  launch(freed ? "gatun_read_past_end" : (std::string("gatun_") + c.symbol).c_str(), Dim3{c.blocks, 1, 1}, c.threads, params, c.dynamic_shared);
#endif
  return 0;
}

void test_faults() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  for (const Sanitized& c : kSanitizedCases) {
    run_in_child(c);
  }
  return;
#endif
  const std::vector<Case> cases = {
      {"read_past_end", 1, 32, 128, 700, {"reads 4 bytes at", "past the end of allocation", "of 512 bytes"}},
      {"read_past_end", 1, 32, 96, 0, {}},
      {"write_past_end", 1, 32, 128, 700, {"writes 4 bytes at", "past the end of allocation"}},
      {"read_before_start", 1, 32, 0, 700, {"reads 4 bytes at"}},
      {"write_wild", 1, 32, 64, 700, {"writes 4 bytes at 0x40, outside any allocation"}},
      {"write_params", 1, 32, 0, 700, {"of the kernel's parameters"}},
      {"read_foreign_stack", 1, 64, 1, 700, {"a local variable of thread 0"}},
      {"misaligned_vector", 1, 1, 0, 716, {"not a multiple of 16", "+ 4", "wrong.cu:"}},
      {"misaligned_word", 1, 1, 0, 716, {"not a multiple of 4", "+ 2"}},
      {"shared_vector_by_luck", 1, 32, 0, 716, {"not a multiple of 16", "shared 'tile'"}},
      {"shared_past_end", 1, 32, 1, 700, {"writes 4 bytes at", "0 past the end of shared 'tile' of 128 bytes"}},
      {"shared_past_end", 1, 32, 0, 0, {}},
      {"dynamic_past_end", 1, 32, 1, 700, {"0 past the end of shared 'dynamic' of 128 bytes"}, 128},
      {"dynamic_past_end", 1, 32, 0, 0, {}, 128},
      {"shared_uninitialised", 1, 32, 0, 719, {"shared 'tile' + ", "that no thread has written"}},
      {"reverse", 1, 64, 0, 0, {}},
      {"reverse_unordered", 1, 64, 0, 719, {"shared 'tile'"}},
      {"reverse_twice", 1, 64, 0, 0, {}},
      {"reverse_twice_unordered", 1, 64, 0, 719, {"race", "shared 'tile'", "nothing orders the two"}},
      {"neighbour_unordered", 1, 32, 0, 719, {"shared 'tile'"}},
      {"neighbour_by_shuffle", 1, 32, 0, 719, {"race: reads 4 bytes", "shared 'tile'", "wrote"}},
      {"neighbour", 1, 32, 0, 0, {}},
      {"named", 1, 128, 0, 0, {}},
      {"named_apart", 1, 128, 0, 719, {"shared 'tile'"}},
      {"global_race_in_block", 1, 64, 0, 719, {"race", "allocation", "thread"}},
      {"global_race_between_blocks", 2, 32, 0, 719, {"race", "allocation", "of block ("}},
      {"global_race_between_blocks", 4, 32, 0, 719, {"race", "allocation", "of block ("}},
      {"all_write_one", 8, 1, 0, 719, {"race: writes 4 bytes", "of block ("}},
      {"all_write_one", 1, 1, 0, 0, {}},
      {"atomic_and_plain", 1, 64, 0, 719, {"race", "allocation", "nothing orders the two"}},
      {"last_block_sums", 4, 32, 0, 0, {}},
      {"last_block_sums", 1, 32, 0, 0, {}},
      {"last_block_unfenced", 4, 32, 0, 719, {"race", "of block ("}},
      {"divergent_barrier", 1, 64, 0, 719, {"divergent barrier: waits at __syncthreads (wrong.cu:", "but thread"}},
      {"divergent_barrier", 1, 32, 0, 0, {}},
      {"barrier_after_exit", 1, 64, 40, 719, {"divergent barrier", "has exited", "__syncthreads (wrong.cu:"}},
      {"barrier_after_exit", 1, 64, 64, 0, {}},
      {"exited_lane", 1, 32, 0, 719, {"__shfl_xor_sync (wrong.cu:", "0xFFFFFFFF", "exited"}},
      {"outside_own_mask", 1, 32, 0, 719, {"is not in its own mask 0x0000FFFF"}},
      {"reads_unnamed_lane", 1, 32, 0, 719, {"__shfl_sync reads lane 20, which its mask 0x0000FFFF does not name"}},
      {"lanes_disagree", 1, 32, 0, 719, {"lanes of a warp disagree", "__shfl_xor_sync", "__shfl_down_sync"}},
      {"deadlock", 1, 64, 0, 719, {"deadlock: threads 0-31 at gatun::barrier (wrong.cu:", " 1, where 32 of 64 threads are; threads 32-63 at gatun::barrier"}},
      {"warp_waits_for_block", 1, 32, 0, 719, {"deadlock: thread 0 at __syncthreads (wrong.cu:", "threads 1-31 in __shfl_xor_sync"}},
      {"copies", 1, 32, 0, 0, {}},
      {"copies_no_wait", 1, 32, 0, 719, {"shared 'tile'", "to which a cp_async is under way"}},
      {"copies_no_commit", 1, 32, 0, 719, {"to which a cp_async is under way"}},
      {"copies_no_barrier", 1, 32, 0, 719, {"shared 'tile'"}},
      {"copies_late_wait", 1, 32, 0, 719, {"to which a cp_async is under way"}},
      {"copies_overwritten", 1, 32, 0, 719, {"writes", "to which a cp_async is under way"}},
      {"misaligned_copy", 1, 32, 0, 716, {"cp_async16 (wrong.cu:", "not a multiple of 16"}},
      {"copy_past_end", 1, 32, 130, 700, {"cp_async16 reads 16 bytes", "past the end of allocation"}},
      {"misaligned_matrix", 1, 32, 0, 716, {"ldmatrix4 reads 16 bytes", "not a multiple of 16"}},
      {"matrix_without_barrier", 1, 32, 0, 719, {"ldmatrix4 reads 16 bytes", "shared 'tile'"}},
      {"too_much_shared", 1, 32, 0, 719, {"shared 'more' of 128 bytes makes 49280 bytes of static shared memory; ptxas allows 49152"}},
      {"deep_stack", 1, 1, 0, 700, {"more than 64 KiB of stack"}},
      {"halves_of_a_word", 1, 64, 0, 0, {}},
      {"wait_for_word", 1, 64, 0, 0, {}},
      {"wait_for_word", 1, 64, 1, 702, {"the launch has taken more than 3 s"}},
      {"wait_by_loads", 1, 32, 1, 702, {"the launch has taken more than 3 s"}},
  };
  for (const Case& c : cases) {
    run(c);
  }

  // After its memory is freed, a kernel that was right is not.
  WrongParams params{allocate_of<float>(kElements), allocate_of<float>(kElements), allocate_of<unsigned>(1), 0};
  release(params.a);
  const auto freed = launch("gatun_read_past_end", Dim3{}, 32, params);
  expect(freed && freed->result == 700 && freed->message.find("which is freed") != std::string::npos,
         "use after free: " + (freed ? freed->message : "no fault"));

  const auto wide = launch("gatun_read_past_end", Dim3{}, 64, params);
  expect(wide && wide->message == "gatun_read_past_end: a block of 64 threads; the kernel is compiled for 32", "too many threads");
  const auto empty = launch("gatun_read_past_end", Dim3{0, 1, 1}, 32, params);
  expect(empty && empty->result == 1, "empty grid");
  const auto large = launch("gatun_read_past_end", Dim3{}, 32, params, 228 * 1024);
  expect(large && large->result == 1, "too much dynamic shared memory");
  release_all();
}

}  // namespace gatun::emulator::test
