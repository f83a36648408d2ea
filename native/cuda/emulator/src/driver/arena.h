// The memory that kernels can reach: one range of addresses reserved at start, from which device and pinned host memory is given, and what the host registers.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "gatun/emulator/machine.h"

namespace gatun::emulator::driver {

struct Context;
struct Pool;

enum class BlockKind { device, stream_ordered, pinned, registered };

// An allocation with what only the driver knows of it.
struct Block : Allocation {
  BlockKind kind = BlockKind::device;
  Context* context = nullptr;
  std::shared_ptr<Pool> pool;
  int device = 0;
  unsigned host_flags = 0;
  bool owned = false;         // the host holds it: no free was asked for yet
  size_t slot = 0;            // bytes taken from the reservation, with the gap behind
  uint32_t index = 0;
  size_t granules = 0;        // entries of the table that name this block

  bool holds(uintptr_t address, size_t size) const { return address >= base && size <= bytes && address - base <= bytes - size; }
};

// Gives ranges aligned to 256 bytes with a gap of at least 256 bytes behind each, which belongs to nobody. Fresh memory is filled with 0xFF (NaN in every
// floating-point type); freed memory is overwritten and kept back for a while, so that its addresses stay known as freed. Callers hold the driver's lock;
// only find() does without.
class Arena {
 public:
  static Arena& get();

  Block* allocate(size_t bytes, BlockKind kind);
  void release(Block* block);
  Block* enter_registered(uintptr_t base, size_t bytes);
  void leave_registered(Block* block);

  // The block that holds the address, or the one nearest below.
  Block* find(uintptr_t address) const;
  // The block that holds all of a range and that the host has not freed; null if there is none.
  Block* owner(uintptr_t address, size_t bytes) const;
  AddressRange addresses() const { return {begin_, end_}; }

 private:
  static constexpr size_t granule = 256;
  static constexpr size_t chunk = 4096;

  Arena();
  Block* record();
  uintptr_t take(size_t slot);
  void give_back(uintptr_t address, size_t slot);
  void retire(Block* block);
  Block* at(uint32_t index) const { return &chunks_[index / chunk][index % chunk]; }

  uintptr_t begin_ = 0, end_ = 0;
  std::atomic<uintptr_t> frontier_{0};
  std::atomic<uint32_t>* table_ = nullptr;
  std::unique_ptr<Block*[]> chunks_;
  uint32_t records_ = 1;
  uint64_t next_id_ = 1;
  std::deque<Block*> spare_;
  std::deque<std::pair<uintptr_t, size_t>> quarantine_;
  size_t quarantine_bytes_ = 0, quarantine_kept_ = 0;
  std::map<uintptr_t, size_t> free_;
  std::multimap<size_t, uintptr_t> free_by_size_;
  mutable std::shared_mutex registered_lock_;
  std::map<uintptr_t, Block*> registered_;
};

}  // namespace gatun::emulator::driver
