// What is remembered of a 4-byte word: who wrote it last and who read it last. Two accesses by different threads, one of them a write and not both atomic,
// are a race unless a barrier, or a publication by fence and atomic, lies between them.
#pragma once

#include <cstdint>

namespace gatun::emulator {

// An access, as one number: the run of the block (32 bits; counted over all launches, so a cell never needs clearing), the warp's clock (16), the thread
// (10), the bytes of the word (4) and two marks.
using Stamp = uint64_t;

constexpr unsigned kByteShift = 2;
constexpr unsigned kThreadShift = 6;
constexpr unsigned kClockShift = 16;
constexpr unsigned kRunShift = 32;
constexpr Stamp kAllBytes = 0xFull << kByteShift;
constexpr Stamp kAtomic = 1;   // of a write: it was atomic
constexpr Stamp kForeign = 1;  // of a read: another block of the launch has read the word too
constexpr Stamp kSeveral = 2;  // of a read: another thread has read the same bytes too, without order between them
constexpr uint32_t kLastClock = 0xFFFF;

constexpr Stamp make_stamp(uint32_t run, uint32_t clock, uint32_t thread) {
  return static_cast<Stamp>(run) << kRunShift | static_cast<Stamp>(clock < kLastClock ? clock : kLastClock) << kClockShift |
         static_cast<Stamp>(thread) << kThreadShift;
}
constexpr uint32_t run_of(Stamp s) { return static_cast<uint32_t>(s >> kRunShift); }
constexpr uint32_t clock_of(Stamp s) { return static_cast<uint32_t>(s >> kClockShift) & 0xFFFFu; }
constexpr uint32_t thread_of(Stamp s) { return static_cast<uint32_t>(s >> kThreadShift) & 0x3FFu; }
constexpr bool same_thread_and_time(Stamp a, Stamp b) { return (a ^ b) >> kThreadShift == 0; }
constexpr bool same_thread(Stamp a, Stamp b) { return run_of(a) == run_of(b) && thread_of(a) == thread_of(b); }

struct Cell {
  Stamp written;
  Stamp read;
};

// A warp's time: its own clock, and up to which clock of each other warp it has seen. Its own entry is one less than its clock, since lanes of a warp have
// not seen what the others did since they last met.
struct Clock {
  uint32_t now;
  uint32_t seen[32];
};

// States of a byte of shared memory.
constexpr unsigned char kInitialised = 1;
constexpr unsigned char kPending = 2;   // a copy to it is under way
constexpr unsigned char kOutside = 4;   // belongs to no variable
constexpr unsigned char kBarrier = 8;   // of an mbarrier

}  // namespace gatun::emulator
