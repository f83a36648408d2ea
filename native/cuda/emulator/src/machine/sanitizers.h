// What the sanitizers must be told: of memory that the emulator gives out itself, of fibers, and of the order that barriers make. Nothing in the plain form.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#endif
#if defined(GATUN_THREAD_SANITIZED)
#include <sanitizer/tsan_interface.h>
extern "C" void __tsan_read16(void* address);
#endif

namespace gatun::emulator {

// In these forms another runtime sees the accesses of kernels; the machine sees only those that it makes on their behalf.
#if defined(__SANITIZE_ADDRESS__) || defined(GATUN_THREAD_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

inline void forbid_memory([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(memory, bytes);
#endif
}

inline void allow_memory([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(memory, bytes);
#endif
}

#if defined(GATUN_THREAD_SANITIZED)
constexpr bool kThreadSanitized = true;
// A thread, of the host or of a block.
using Fiber = void*;
inline Fiber this_fiber() { return __tsan_get_current_fiber(); }
// The new fiber comes after what its maker did.
inline Fiber new_fiber() { return __tsan_create_fiber(0); }
inline void end_fiber(Fiber fiber) { __tsan_destroy_fiber(fiber); }
inline void set_stack(Fiber&, const void*, size_t) {}
// To be called right before a switch, which orders nothing: the threads of a block are apart, whatever the order in which one thread of the host runs them.
inline void enter_fiber(const Fiber& fiber) { __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync); }
// To be called where a switch leads to.
inline void entered_fiber() {}
// What was done before order_before(x) comes before what is done after a later order_after(x).
inline void order_before(void* with) { __tsan_release(with); }
inline void order_after(void* with) { __tsan_acquire(with); }
inline void note_read16(const void* address) { __tsan_read16(const_cast<void*>(address)); }

#else
constexpr bool kThreadSanitized = false;
// A stack.
struct Fiber {
  const void* low = nullptr;
  size_t bytes = 0;
};
inline void order_before(void*) {}
inline void order_after(void*) {}
inline void note_read16(const void*) {}

#if defined(__SANITIZE_ADDRESS__)
inline Fiber this_fiber() {
  static thread_local const Fiber fiber = [] {
    pthread_attr_t attributes;
    void* low = nullptr;
    size_t bytes = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &low, &bytes);
      pthread_attr_destroy(&attributes);
    }
    return Fiber{low, bytes};
  }();
  return fiber;
}
inline void set_stack(Fiber& fiber, const void* low, size_t bytes) { fiber = Fiber{low, bytes}; }
inline void enter_fiber(const Fiber& fiber) { __sanitizer_start_switch_fiber(nullptr, fiber.low, fiber.bytes); }
inline void entered_fiber() { __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr); }
#else
inline Fiber this_fiber() { return {}; }
inline void set_stack(Fiber&, const void*, size_t) {}
inline void enter_fiber(const Fiber&) {}
inline void entered_fiber() {}
#endif
#endif

}  // namespace gatun::emulator
