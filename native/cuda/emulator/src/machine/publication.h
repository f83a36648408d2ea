// Order between blocks: a block stores, fences and changes a word atomically; a block that changes the same word afterwards has seen those stores. Each word
// has a log of what was published through it, and a block remembers how much of which logs it has seen.
//
// The fence on the acquiring side is not asked for: what a thread reads after a barrier that follows its atomic is taken as ordered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shadow.h"

namespace gatun::emulator {

struct PublicationLog;

struct Seen {
  PublicationLog* log;
  size_t entries;
  // From when on: threads that have not met this warp since do not know of it.
  unsigned warp;
  uint32_t clock;
};

// Of the block that a worker runs.
class Publications {
 public:
  void reset();
  void fence(unsigned warp, const Clock& clock);
  // A thread of the warp changes the word at the address atomically.
  void at_atomic(uint32_t run, unsigned warp, const Clock& clock, uintptr_t address);
  // Whether a thread with this clock has seen what another block did at that time.
  bool covers(const Clock& clock, unsigned warp, Stamp earlier) const;
  // Whether this block has changed the word after fencing, so that the atomics on it before are known.
  bool took_part(uintptr_t address) const;
  bool empty() const { return seen_.empty(); }

 private:
  bool fenced_ = false;
  uint32_t fence_[32] = {};  // each warp's clock at its last fence
  std::vector<Seen> seen_;
};

// Forgets all logs, at the start of a launch.
void forget_publications();

}  // namespace gatun::emulator
