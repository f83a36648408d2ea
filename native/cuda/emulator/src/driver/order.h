// Whether the streams order the operations that touch the same memory. Operations are compared by their clocks: one is ordered before another if the other's
// clock has counted it.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "operation.h"

namespace gatun::emulator::driver {

class Order {
 public:
  // The launches that ran already and are not ordered before this operation.
  std::vector<UnorderedLaunch> unordered_launches(const Operation& operation) const;

  // An operation that ran or is about to: finds what it conflicts with, else remembers it for those that come later.
  std::optional<Fault> launched(const Operation& operation, Runs runs);
  std::optional<Fault> transfers(const Operation& operation, const Place& place, size_t bytes, bool write);

  // How many are remembered; those that the floor has counted for all tracks are ordered before everything to come.
  size_t remembered() const { return remembered_; }
  void forget(const Clock& floor);

 private:
  struct Launched {
    uint64_t tick;
    Runs runs;
    std::string name;
  };
  struct Transferred {
    uint64_t tick;
    uintptr_t begin, end;
    uint64_t allocation;
    bool write;
    std::string name;
  };
  struct Track {
    std::deque<Launched> launches;
    std::deque<Transferred> transfers;
  };

  std::vector<Track> tracks_;
  size_t remembered_ = 0;
};

// Names an operation in a message.
std::string describe(const Operation& operation);

}  // namespace gatun::emulator::driver
