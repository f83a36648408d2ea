// The checks of one access, for the parts of the machine that access memory on a kernel's behalf.
#pragma once

#include "worker.h"

namespace gatun::emulator {

enum class Access : uint8_t { kRead, kWrite, kAtomic };

// Ends the launch unless the running thread may do this. `what` names the doer in the message: "reads", "atomicAdd on", ...
void check_access(Worker& worker, uintptr_t address, size_t bytes, size_t alignment, Access access, const char* what);

bool in_shared(const Worker& worker, uintptr_t address);
// The variable and the offset in it, or the allocation, of an address.
std::string describe_address(const Worker& worker, uintptr_t address);

// Whether the running thread comes after what was done at that time.
bool comes_after(const Worker& worker, Stamp earlier);

// Whether the running thread comes after a wait for prior kernels.
bool has_waited(const Worker& worker);

// Ends the launch if a thread wrote one of these bytes by ordinary stores that it did not fence for the copy engine and the tensor cores.
void check_fenced(Worker& worker, uintptr_t address, size_t bytes, const char* what);

// A reading by an engine: what it is called, when it is, and what those who asked for it had seen. It is looked at twice, when it is asked for and when it is done.
struct EngineRead {
  std::string what;
  Stamp stamp;
  const uint32_t* seen;
  const uint32_t* own;
  bool again;
};
void check_engine_read(Worker& worker, const EngineRead& read, uintptr_t address, size_t bytes);
void note_engine_write(Worker& worker, uintptr_t address, size_t bytes, Stamp stamp);

// Notes that the running thread writes these bytes of shared memory, without looking at their state.
void note_shared_write(Worker& worker, uintptr_t address, size_t bytes);

}  // namespace gatun::emulator
