// A worker runs one block at a time: its fibers, warps, barriers, shared memory, and what is known of every word it touched.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fiber.h"
#include "gatun/emulator/host/calls.h"
#include "gatun/emulator/machine.h"
#include "publication.h"
#include "sanitizers.h"
#include "shadow.h"

namespace gatun::emulator {

enum class Checks : uint8_t { kNone, kBounds, kAll };
Checks checks();

struct Random {
  uint64_t state = 1;
  uint32_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<uint32_t>(state >> 16);
  }
};

struct Place {
  const char* file = nullptr;
  int line = 0;
};

struct AsyncCopy {
  unsigned char* shared;
  const unsigned char* global;
  int bytes;
  unsigned group;
};

enum class State : uint8_t { kNew, kReady, kInWarp, kAtBarrier, kAtEngine, kExited };

struct Thread {
  Context context;
  Fiber fiber{};
  unsigned char* stack = nullptr;
  unsigned index = 0;
  State state = State::kNew;
  int barrier = 0;         // that it waits at
  uintptr_t mbarrier = 0;  // likewise; 0 when it waits for products
  int parity = 0;
  const char* what = "";  // the name of the call it waits in
  Place place;
  // cp_async: copies not landed yet, and the number of the group that is open.
  std::vector<AsyncCopy> copies;
  unsigned open_group = 0;
};

constexpr unsigned kLanes = 32;
constexpr unsigned kWarps = 32;
constexpr unsigned kBarriers = 16;

struct Warp {
  uint32_t exists = 0, ready = 0, waiting = 0, exited = 0;
  // What the first lane to wait said, and whether another said something else.
  WarpOperation first_operation = WarpOperation::kSync;
  uint32_t first_mask = 0;
  bool mixed = false;
  // What each lane that waits said.
  WarpOperation operation[kLanes];
  uint32_t mask[kLanes];
  uint64_t in[kLanes];
  uint64_t out[kLanes];
  int32_t argument[kLanes];
  int32_t width[kLanes];
  Clock clock;
};

struct Barrier {
  unsigned arrived = 0, expected = 0;
  BlockOperation operation = BlockOperation::kSync;
  const char* what = "";
  Place place;
  unsigned first = 0;  // the thread that came first
  unsigned trues = 0;
  int result = 0;
  uint32_t lanes[kWarps] = {};
  // Stands for the order that the barrier makes; taken in turn, or a thread that goes on late would come after what others did before the next one.
  uint64_t order[2] = {};
  unsigned turn = 0;
};

struct Launch;
struct Engine;

struct Worker {
  // Read on every access, so kept together.
  uintptr_t stack_low = 0;
  std::atomic<bool> stop{false};  // another worker met a fault, or the launch takes too long
  uintptr_t shared_low = 0;
  size_t shared_span = 0;
  uintptr_t device_low = 0;
  size_t device_span = 0;
  Cell* device_cells = nullptr;  // null when races are not looked for
  Cell* shared_cells = nullptr;
  unsigned char* shared_state = nullptr;
  uintptr_t params_low = 0;
  size_t params_span = 0;
  Stamp stamp;  // of the running thread now
  const Clock* clock = nullptr;
  uint32_t first_run = 0;  // blocks before it belong to earlier launches
  uint32_t oldest_unordered = 0;  // the first run of all launches that nothing orders before this one
  bool races = false;

  Thread* thread = nullptr;
  Warp* warp = nullptr;
  unsigned lane = 0;
  Uint3 block{};
  Uint3 grid{};
  unsigned threads_in_block = 0;

  uint32_t ready_warps = 0;
  unsigned live = 0;
  Random random;
  Context main;
  Fiber main_fiber{};
  Thread threads[kLanes * kWarps];
  Warp warps[kWarps];
  Barrier barriers[kBarriers];
  StackPool stacks;
  unsigned char* retired = nullptr;  // the stack of the thread that ended last, which may still be in use for the switch away from it

  Launch* launch = nullptr;
  // For telling a launch that never ends: the processor time of this OS thread when it began, 0 while it has none.
  std::atomic<clockid_t> processor_clock{};
  std::atomic<int64_t> started{0};

  unsigned char* shared = nullptr;
  size_t shared_static = 0;  // bytes of declared variables, as ptxas would count
  size_t shared_end = 0;     // offset behind what is laid out
  struct Variable {
    const SharedVariable* key;  // null for dynamic shared memory
    const char* name;
    size_t offset;
    size_t bytes;
  };
  std::vector<Variable> variables;
  Publications publications;
  Engine* engine = nullptr;  // null until a block uses it
  std::vector<Stamp> waits;  // when threads of the block first waited for prior kernels

  struct Known {
    uintptr_t low, high;
  };
  static constexpr unsigned kKnown = 512;
  Known known[kKnown];

  bool create();
  // Makes the fibers' order known where a sanitizer must be told.
  void begin_fibers();
  void end_fibers();
  void run_block(unsigned linear);
};

// A launch as its workers share it.
struct Launch {
  const LaunchSpec* spec;
  const unsigned char* params;
  uint64_t blocks;
  std::vector<uint32_t> order;
  std::atomic<uint64_t> next{0};
  uint32_t first_run = 0;
  uint64_t seed = 0;
  std::vector<Worker>* workers = nullptr;
  std::atomic<bool> faulted{false};
  // Blocks that waited for prior kernels, and whether one let dependents start before.
  std::atomic<uint64_t> waited{0};
  std::atomic<bool> early{false};
  Fault fault{};
};

// How much processor time a worker may spend on a launch.
unsigned timeout_seconds();

// Storage of a thread in the room that the loader sets aside, which is read fastest. There is room for a few libraries in a process; many do without.
#ifdef GATUN_MANY_EMULATORS
#define GATUN_OF_THREAD __thread
#else
#define GATUN_OF_THREAD __attribute__((tls_model("initial-exec"))) __thread
#endif

// The worker that this OS thread is (as __thread, which is read without asking whether it was made yet) while it runs a block, else null.
extern GATUN_OF_THREAD Worker* current;
// The same, but null as well when accesses are not checked.
extern GATUN_OF_THREAD Worker* checked;

constexpr int kIllegalAddress = 700;
constexpr int kMisalignedAddress = 716;
constexpr int kLaunchFailed = 719;
constexpr int kInvalidValue = 1;
constexpr int kOutOfResources = 701;
constexpr int kLaunchTimeout = 702;

// Ends the launch with a fault of the running thread. Leaves the thread's stack as it is, for good.
[[noreturn]] void fail(Worker& worker, int result, const std::string& what);
// As above for a thread that is not the one that runs.
[[noreturn]] void fail_thread(Worker& worker, unsigned thread, int result, const std::string& what);
// Ends the running thread because `stop` is set.
[[noreturn]] void give_up(Worker& worker);
std::string describe_place(const Place& place);
std::string at(const char* what, const Place& place);

// Names what every thread waits for.
std::string describe_waiting(const Worker& worker);
// Called when a thread of the block is at its end.
void leave_collectives(Worker& worker);
void open_shared(Worker& worker);

}  // namespace gatun::emulator
