#include "memory.h"

#include <set>

#include "../src/driver/memory.h"

namespace gatun::emulator::test {

namespace {

using driver::Arena;

std::set<driver::Block*> live;

}  // namespace

void* allocate(size_t bytes) {
  driver::Block* const block = Arena::get().allocate(bytes, driver::BlockKind::device);
  live.insert(block);
  return reinterpret_cast<void*>(block->base);
}

void release(void* address) {
  driver::Block* const block = Arena::get().find(reinterpret_cast<uintptr_t>(address));
  live.erase(block);
  Arena::get().release(block);
}

void release_all() {
  for (driver::Block* const block : live) Arena::get().release(block);
  live.clear();
}

}  // namespace gatun::emulator::test
