#include "arena.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "machine/sanitizers.h"

namespace gatun::emulator::driver {

namespace {

constexpr size_t gap = 256;
constexpr size_t first_offset = 1 << 16;
constexpr size_t max_chunks = 1 << 16;
// Larger freed blocks give their pages back to the system instead of keeping a pattern in them.
constexpr size_t kept_pages = 256 << 10;
// From this size on, what the machine remembers of accesses to a freed block is let go at once.
constexpr size_t forgotten_accesses = 16 << 10;
constexpr size_t quarantine_blocks = 1024;
constexpr size_t quarantine_resident = size_t(64) << 20;
constexpr size_t quarantine_addresses = size_t(8) << 30;
// A record is used again only after this many others, so that a thread that just looked one up never sees it change under its hands.
constexpr size_t spare_records = 1024;

void* reserve(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

Arena& Arena::get() {
  static Arena* arena = new Arena();
  return *arena;
}

Arena::Arena() {
  // Where the system limits how much may be reserved, a smaller range still serves small tests.
  for (size_t bytes = size_t(64) << 30; begin_ == 0 && bytes >= (size_t(1) << 28); bytes /= 2) {
    void* memory = reserve(bytes);
    if (memory == nullptr) continue;
    void* table = reserve(bytes / granule * sizeof(uint32_t));
    if (table == nullptr) {
      munmap(memory, bytes);
      continue;
    }
    madvise(memory, bytes, MADV_DONTDUMP);
    // Filling fresh memory is mostly the cost of its pages.
    madvise(memory, bytes, MADV_HUGEPAGE);
    begin_ = reinterpret_cast<uintptr_t>(memory);
    end_ = begin_ + bytes;
    table_ = static_cast<std::atomic<uint32_t>*>(table);
  }
  frontier_ = begin_ == 0 ? 0 : begin_ + first_offset;
  chunks_.reset(new Block*[max_chunks]());
}

Block* Arena::record() {
  if (spare_.size() > spare_records) {
    Block* block = spare_.front();
    spare_.pop_front();
    return block;
  }
  if (records_ / chunk >= max_chunks) return nullptr;
  Block*& of = chunks_[records_ / chunk];
  if (of == nullptr) of = new Block[chunk];
  Block* block = at(records_);
  block->index = records_++;
  return block;
}

uintptr_t Arena::take(size_t slot) {
  const auto fit = free_by_size_.lower_bound(slot);
  if (fit != free_by_size_.end()) {
    const auto [size, address] = *fit;
    free_by_size_.erase(fit);
    free_.erase(address);
    if (size > slot) {
      free_.emplace(address + slot, size - slot);
      free_by_size_.emplace(size - slot, address + slot);
    }
    return address;
  }
  const uintptr_t address = frontier_.load(std::memory_order_relaxed);
  if (slot > end_ - address) return 0;
  return address;
}

void Arena::give_back(uintptr_t address, size_t slot) {
  const auto unlist = [&](std::map<uintptr_t, size_t>::iterator range) {
    auto sized = free_by_size_.lower_bound(range->second);
    while (sized->second != range->first) ++sized;
    free_by_size_.erase(sized);
    free_.erase(range);
  };
  auto next = free_.lower_bound(address);
  if (next != free_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == address) {
      address = before->first;
      slot += before->second;
      unlist(before);
    }
  }
  next = free_.lower_bound(address);
  if (next != free_.end() && address + slot == next->first) {
    slot += next->second;
    unlist(next);
  }
  free_.emplace(address, slot);
  free_by_size_.emplace(slot, address);
}

void Arena::retire(Block* block) {
  block->pool.reset();
  spare_.push_back(block);
}

Block* Arena::allocate(size_t bytes, BlockKind kind) {
  if (begin_ == 0 || bytes > end_ - begin_) return nullptr;
  const size_t slot = (bytes + gap + granule - 1) / granule * granule;
  uintptr_t base = take(slot);
  while (base == 0 && !quarantine_.empty()) {
    const auto [address, size] = quarantine_.front();
    quarantine_.pop_front();
    quarantine_bytes_ -= size;
    if (size < kept_pages) quarantine_kept_ -= size;
    give_back(address, size);
    base = take(slot);
  }
  if (base == 0) return nullptr;
  Block* block = record();
  if (block == nullptr) {
    if (base != frontier_.load(std::memory_order_relaxed)) give_back(base, slot);
    return nullptr;
  }
  block->base = base;
  block->bytes = bytes;
  block->id = next_id_++;
  block->live = kind != BlockKind::stream_ordered;
  block->host = kind == BlockKind::pinned;
  block->kind = kind;
  block->context = nullptr;
  block->device = 0;
  block->host_flags = 0;
  block->owned = true;
  block->slot = slot;
  block->granules = slot / granule;
  block->first_run = next_runs_begin();
  const size_t first = (base - begin_) / granule;
  for (size_t i = first; i < first + block->granules; i++) {
    const uint32_t old = table_[i].exchange(block->index, std::memory_order_acq_rel);
    if (old != 0 && --at(old)->granules == 0) retire(at(old));
  }
  if (base + slot > frontier_.load(std::memory_order_relaxed)) frontier_.store(base + slot, std::memory_order_release);
  allow_memory(reinterpret_cast<void*>(base), bytes);
  forbid_memory(reinterpret_cast<void*>(base + bytes), slot - bytes);
  memset(reinterpret_cast<void*>(base), 0xFF, bytes);
  return block;
}

void Arena::release(Block* block) {
  block->live = false;
  block->owned = false;
  block->pool.reset();
  if (block->slot < kept_pages) {
    memset(reinterpret_cast<void*>(block->base), 0xDD, block->bytes);
    quarantine_kept_ += block->slot;
  } else {
    const uintptr_t page = 4096, begin = (block->base + page - 1) / page * page, end = block->base + block->bytes;
    madvise(reinterpret_cast<void*>(begin), (end - begin) / page * page, MADV_DONTNEED);
  }
  forbid_memory(reinterpret_cast<void*>(block->base), block->bytes);
  if (block->slot >= forgotten_accesses) forget_accesses(block->base, block->bytes);
  quarantine_.emplace_back(block->base, block->slot);
  quarantine_bytes_ += block->slot;
  while (quarantine_.size() > quarantine_blocks || quarantine_kept_ > quarantine_resident || quarantine_bytes_ > quarantine_addresses) {
    const auto [address, size] = quarantine_.front();
    quarantine_.pop_front();
    quarantine_bytes_ -= size;
    if (size < kept_pages) quarantine_kept_ -= size;
    give_back(address, size);
  }
}

Block* Arena::enter_registered(uintptr_t base, size_t bytes) {
  std::unique_lock lock(registered_lock_);
  const auto next = registered_.lower_bound(base);
  if (next != registered_.end() && next->first < base + bytes) return nullptr;
  if (next != registered_.begin()) {
    const Block* before = std::prev(next)->second;
    if (before->base + before->bytes > base) return nullptr;
  }
  Block* block = record();
  if (block == nullptr) return nullptr;
  block->base = base;
  block->bytes = bytes;
  block->id = next_id_++;
  block->live = true;
  block->host = true;
  block->kind = BlockKind::registered;
  block->owned = true;
  block->first_run = next_runs_begin();
  block->slot = 0;
  block->granules = 0;
  registered_.emplace(base, block);
  return block;
}

void Arena::leave_registered(Block* block) {
  std::unique_lock lock(registered_lock_);
  registered_.erase(block->base);
  block->live = false;
  block->owned = false;
  retire(block);
}

Block* Arena::find(uintptr_t address) const {
  if (address >= begin_ && address < end_) {
    const uintptr_t frontier = frontier_.load(std::memory_order_acquire);
    if (frontier <= begin_ + first_offset) return nullptr;
    if (address >= frontier) address = frontier - 1;
    const uint32_t index = table_[(address - begin_) / granule].load(std::memory_order_acquire);
    return index == 0 ? nullptr : at(index);
  }
  std::shared_lock lock(registered_lock_);
  auto next = registered_.upper_bound(address);
  if (next == registered_.begin()) return nullptr;
  return std::prev(next)->second;
}

Block* Arena::owner(uintptr_t address, size_t bytes) const {
  Block* block = find(address);
  return block != nullptr && block->owned && block->holds(address, bytes) ? block : nullptr;
}

}  // namespace gatun::emulator::driver

namespace gatun::emulator {

const Allocation* find_allocation(uintptr_t address) { return driver::Arena::get().find(address); }

AddressRange device_addresses() { return driver::Arena::get().addresses(); }

}  // namespace gatun::emulator
