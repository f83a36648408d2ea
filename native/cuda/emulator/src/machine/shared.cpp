// A block's shared memory: dynamic first, then each variable as the first thread comes by its declaration, with a span between that belongs to nobody.
#include <algorithm>
#include <cstring>

#include "worker.h"

namespace gatun::emulator {

namespace {

constexpr size_t kRedZone = 64;
constexpr size_t kStaticLimit = 48 * 1024;
constexpr size_t kDynamic = 1024;  // where dynamic shared memory begins, aligned as the copy engine wants it

// The next offset that has the alignment asked for and no more of it than that, so that a wider access than the declaration promises is seen.
size_t barely_aligned(size_t offset, size_t alignment) {
  const size_t wider = std::max<size_t>(alignment * 2, 32);
  offset = (offset + wider - 1) / wider * wider;
  return alignment >= 16 ? offset + alignment % wider : offset + 16 + alignment;
}

void* lay_out(Worker& worker, const SharedVariable* key, const char* name, size_t offset, size_t bytes) {
  worker.variables.push_back(Worker::Variable{key, name, offset, bytes});
  std::memset(worker.shared_state + offset, checks() == Checks::kAll ? 0 : kInitialised, bytes);
  allow_memory(worker.shared + offset, bytes);
  worker.shared_end = offset + bytes + kRedZone;
  return worker.shared + offset;
}

}  // namespace

void open_shared(Worker& worker) {
  allow_memory(worker.shared, worker.shared_end);
  // All bits set: a NaN for whoever reads it as a number.
  std::memset(worker.shared, 0xFF, worker.shared_end);
  std::memset(worker.shared_state, kOutside, worker.shared_end);
  forbid_memory(worker.shared, worker.shared_end);
  worker.variables.clear();
  worker.shared_static = 0;
  worker.shared_end = 2 * kRedZone;
  const size_t dynamic = worker.launch->spec->dynamic_shared;
  if (dynamic != 0) {
    lay_out(worker, nullptr, "dynamic", kDynamic, dynamic);
  }
}

void* shared_variable(const SharedVariable& variable) {
  Worker& worker = *current;
  for (const Worker::Variable& known : worker.variables) {
    if (known.key == &variable) {
      return worker.shared + known.offset;
    }
  }
  worker.shared_static = (worker.shared_static + variable.alignment - 1) / variable.alignment * variable.alignment + variable.bytes;
  if (worker.shared_static > kStaticLimit) {
    fail(worker, kLaunchFailed, std::string("shared '") + variable.name + "' of " + std::to_string(variable.bytes) + " bytes makes " +
                                    std::to_string(worker.shared_static) + " bytes of static shared memory; ptxas allows " + std::to_string(kStaticLimit));
  }
  return lay_out(worker, &variable, variable.name, barely_aligned(worker.shared_end, variable.alignment), variable.bytes);
}

void* dynamic_shared() {
  Worker& worker = *current;
  return worker.shared + kDynamic;
}

unsigned thread_index() { return current->thread->index; }
Uint3 block_index() { return current->block; }
unsigned block_size() { return current->threads_in_block; }
Uint3 grid_size() { return current->grid; }

}  // namespace gatun::emulator
