// Programmatic dependent launch. Launches run one after the other; what a thread touches before it has waited for prior kernels is held against them.
#include <algorithm>

#include "access.h"

namespace gatun::emulator {

void programmatic_wait() {
  Worker& worker = *current;
  if (worker.waits.empty()) {
    worker.launch->waited++;
  }
  const auto mine = [&worker](Stamp wait) { return thread_of(wait) == worker.thread->index; };
  if (std::none_of(worker.waits.begin(), worker.waits.end(), mine)) {
    worker.waits.push_back(worker.stamp);
  }
}

void programmatic_launch() {
  if (current->waits.empty()) {
    current->launch->early = true;
  }
}

bool has_waited(const Worker& worker) {
  return std::any_of(worker.waits.begin(), worker.waits.end(), [&worker](Stamp wait) { return comes_after(worker, wait); });
}

}  // namespace gatun::emulator
