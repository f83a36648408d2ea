// Threads of a block as fibers: stacks of their own, and a switch from one to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gatun::emulator {

// Where a fiber that does not run goes on.
struct Context {
  void* point = nullptr;
};

// Leaves the running fiber at `from` and goes on at `to`.
void switch_context(Context& from, const Context& to);

// Makes a context that starts `entry` on a stack that ends below `top`; the entry never returns.
Context new_context(unsigned char* top, void (*entry)());

// Stacks of one worker. Each has a span of addresses: a guard page, slack, and the part that a thread may use. A function that starts in the slack is a fault
// with a message; only one whose frame is larger than the slack meets the guard.
class StackPool {
 public:
  static constexpr size_t kSpan = 256 * 1024;
  static constexpr size_t kUsable = 64 * 1024;

  // The lowest address of a stack's span; null if there is no memory.
  unsigned char* take();
  void give(unsigned char* stack) { free_.push_back(stack); }
  // Where the stack starts. Stacks start at different offsets in their page, or the same few cache lines would hold all of them.
  static unsigned char* top(unsigned char* stack) { return stack + kSpan - (reinterpret_cast<uintptr_t>(stack) / kSpan % 31 + 1) * 128; }

 private:
  std::vector<unsigned char*> free_;
};

}  // namespace gatun::emulator
