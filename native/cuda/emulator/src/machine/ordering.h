// Leaving out a barrier, a fence or a wait on purpose.
#pragma once

#include <atomic>

namespace gatun::emulator {

// Whether any place is observed or left out; seldom, so that the calls themselves ask no more than this.
extern std::atomic<bool> ordering_tampered;

bool pass_by_slowly(const char* what, const char* file, int line);

// Whether the call at this place is to be left out.
inline bool pass_by(const char* what, const char* file, int line) {
  return __builtin_expect(ordering_tampered.load(std::memory_order_relaxed), 0) && pass_by_slowly(what, file, line);
}

}  // namespace gatun::emulator
