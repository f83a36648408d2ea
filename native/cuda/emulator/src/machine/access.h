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

// Notes that the running thread writes these bytes of shared memory, without looking at their state.
void note_shared_write(Worker& worker, uintptr_t address, size_t bytes);

}  // namespace gatun::emulator
