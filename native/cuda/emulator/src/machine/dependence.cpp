// Programmatic dependent launch. Launches run one after the other; what a thread touches before it has waited for prior kernels is held against them.
#include "access.h"

namespace gatun::emulator {

void programmatic_wait() {
  Worker& worker = *current;
  if (worker.waited == 0) {
    worker.launch->waited++;
  }
  for (unsigned i = 0; i < worker.waited; i++) {
    if (thread_of(worker.waits[i]) == worker.thread->index) {
      return;
    }
  }
  worker.waits[worker.waited++] = worker.stamp;
}

void programmatic_launch() {
  if (current->waited == 0) {
    current->launch->early = true;
  }
}

bool has_waited(const Worker& worker) {
  for (unsigned i = 0; i < worker.waited; i++) {
    if (comes_after(worker, worker.waits[i])) {
      return true;
    }
  }
  return false;
}

}  // namespace gatun::emulator
