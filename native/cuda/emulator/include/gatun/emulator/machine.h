// What the parts of the emulator know of one another: the kernels there are (host.h fills the list as units are linked), the memory there is (the
// driver side owns it, the machine checks accesses against it), and how a launch is executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gatun/emulator/entries.h"

namespace gatun::emulator {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

const std::vector<const KernelEntry*>& kernels();
const std::vector<const TileEntry*>& tiles();

// The manifest as text, one record a line, fields separated by tabs; sorted, so that it is the same for the same sources.
std::string manifest();

// ---- memory: implemented by the driver side ----

// A range of device-visible memory, live or freed. Freed ranges are remembered until their addresses are used again, so that a use after free is told apart
// from a wild pointer.
struct Allocation {
  uintptr_t base;
  size_t bytes;
  uint64_t id;     // counts up with every allocation
  bool live;
  bool host;       // pinned or mapped host memory
  uint32_t first_run = 0;  // the first run that can have known of it
};

// The allocation that holds the address, or the one nearest below it (so that the caller can tell how far past its end an access was); null if there is none.
// Called for nearly every access of a kernel: it must be quick, and safe from several threads.
const Allocation* find_allocation(uintptr_t address);

// All device memory lies within this range of addresses, reserved at start.
struct AddressRange {
  uintptr_t begin, end;
};
AddressRange device_addresses();

// ---- execution: implemented by the machine ----

// The blocks of a launch are numbered over all launches, as runs; a launch has those from `begin` to before `end`.
struct Runs {
  uint32_t begin = 0, end = 0;
};

// A launch that ran before another, with nothing to order the two; `name` says which one it was.
struct UnorderedLaunch {
  Runs runs;
  std::string name;
};

struct LaunchSpec {
  const KernelEntry* kernel;
  Dim3 grid;
  Dim3 block;
  Dim3 cluster;
  size_t dynamic_shared = 0;
  std::vector<unsigned char> params;  // copied when the launch was enqueued
  std::vector<UnorderedLaunch> unordered;  // launches that ran already; a conflict with one of them is a fault
  std::vector<UnorderedLaunch> prior;      // likewise, until the threads have waited for prior kernels
};

// What a kernel did wrong: the CUresult that a device would give (CUDA_ERROR_ILLEGAL_ADDRESS 700, CUDA_ERROR_MISALIGNED_ADDRESS 716, CUDA_ERROR_LAUNCH_FAILED
// 719, ...) and one line that names kernel, block, thread, address, allocation and what happened.
struct Fault {
  int result;
  std::string message;
};

// Runs every block of a launch to its end, or to its first fault. Called from the device's thread, one launch at a time.
std::optional<Fault> execute(const LaunchSpec& launch);

// The runs of the launch executed last.
Runs last_runs();

// What the blocks of the launch executed last did of programmatic dependent launch: whether all of them waited for prior kernels, and whether any let its
// dependents start before it had.
struct Dependence {
  bool waited, early;
};
Dependence last_dependence();

// The number that the next launch's runs begin with.
uint32_t next_runs_begin();

// The first byte from `begin` to before `end`, within device_addresses(), that a launch with these runs wrote (or read, unless only writes count); 0 if there is
// none that is still known. Not for use while a launch is executed.
uintptr_t first_touched(uintptr_t begin, uintptr_t end, Runs runs, bool writes_only);

// A call in a kernel's source that orders threads or copies: a barrier, a fence, a wait.
struct OrderingPlace {
  std::string what, file;
  int line;
};

// Begins to note the places that launches come by, from none; or ends it.
void observe_ordering(bool on);
std::vector<OrderingPlace> ordering_places();

// Makes launches pass by the calls of this place as if they were not there, so that a test can see that their absence is noticed. `file` is a name without
// folders; null leaves nothing out any more.
void leave_out(const char* file, int line);

// Lets go of what was remembered about accesses to a range: called when large memory is freed, so that the memory for remembering does not grow with every
// address that was ever in use. No launch that uses the range is running.
void forget_accesses(uintptr_t base, size_t bytes);

// A number below `bound` from the emulator's generator, seeded by GATUN_EMULATOR_SEED; every legal choice of order or time is made with it.
uint32_t choose(uint32_t bound);

// Starts the generator, and the choices of launches to come, again from a seed.
void seed_choices(uint32_t seed);

}  // namespace gatun::emulator
