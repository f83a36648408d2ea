// An operation is one thing that a device does for a stream or a graph: it runs once everything it depends on has run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gatun/emulator/driver_abi.h"
#include "gatun/emulator/machine.h"

namespace gatun::emulator::driver {

struct Block;
struct Context;
struct Event;
struct Graph;

// One end of a copy: an address, with the block it lies in where it is memory that the device knows; `id` recognises a block whose record serves anew.
struct Place {
  uintptr_t address = 0;
  size_t pitch = 0;
  Block* block = nullptr;
  uint64_t id = 0;
};

struct KernelLaunch {
  LaunchSpec spec;
  void* function = nullptr;
  int capability = 0;         // that the kernel needs and the device does not have
  bool programmatic = false;  // may start before the launch before it has ended
};
// Copies `rows` rows of `bytes`. What was read from pageable host memory when the copy was enqueued is in `staged`, row behind row.
struct Copy {
  Place to, from;
  size_t bytes = 0, rows = 1;
  std::unique_ptr<unsigned char[]> staged;
};
// Repeats a value of 1, 2 or 4 bytes.
struct Fill {
  Place to;
  uint32_t value = 0;
  unsigned value_bytes = 1;
  size_t bytes = 0, rows = 1;
};
struct HostCall {
  CUhostFn function = nullptr;
  void* data = nullptr;
};
struct Record {
  std::shared_ptr<Event> event;
};
struct Wait {
  std::shared_ptr<Event> event;
};
// The stream reaches an allocation made in its order, or its free.
struct Reach {
  Block* block = nullptr;
  uint64_t id = 0;
};
struct Release {
  Block* block = nullptr;
  uint64_t id = 0;
};
struct Nothing {};
// A graph inside a graph.
struct Child {
  std::shared_ptr<Graph> graph;
};

struct Action {
  std::variant<Nothing, KernelLaunch, Copy, Fill, HostCall, Record, Wait, Reach, Release, Child> what;

  const char* name() const;
};

using Clock = std::vector<uint64_t>;

struct Operation {
  std::shared_ptr<const Action> action;
  Context* context = nullptr;
  uint64_t id = 0;
  uint64_t stream = 0;                // number of the stream it was given to
  unsigned track = 0;                 // the sequence of operations it stands in, for the clocks
  Clock clock;                        // for every track, how many of its operations are ordered before this one
  std::vector<std::shared_ptr<Operation>> dependencies, dependents;
  size_t waiting = 0;                 // dependencies that have not run
  bool needed = false, done = false, awaited = false;
  // Of a launch in the midst of a stream or graph: the launch before it, if that may still run when this one starts.
  bool may_overlap = false;
  std::shared_ptr<Operation> overlapped;
  // Of a launch that ran: its runs, and launches before it that may not have ended when it did, or had not when it let the next one start.
  bool launch = false;
  UnorderedLaunch ran;
  std::vector<UnorderedLaunch> open, open_early;
  size_t staged = 0;
  int64_t finished_ns = 0;
};

}  // namespace gatun::emulator::driver
