// Copies by the copy engine. One into shared memory lands as late as those who wait for it allow, or at random earlier; one out of it is done when it is waited for.
#include <algorithm>
#include <cstring>

#include "access.h"
#include "engine.h"
#include "ordering.h"
#include "schedule.h"

namespace gatun::emulator {

namespace {

constexpr size_t kChunk = 16;

size_t row_bytes(const TensorMap& map) { return static_cast<size_t>(map.box[0]) * map.element_bytes; }

size_t box_bytes(const TensorMap& map) {
  size_t bytes = row_bytes(map);
  for (unsigned i = 1; i < map.rank; i++) {
    bytes *= map.box[i];
  }
  return bytes;
}

// Calls `row` for each row of the box: where it begins in the box, in bytes; and of the part that lies in the tensor the address, the offset in the row and the
// bytes, 0 when there is none.
template <class Row>
void each_row(const Box& box, Row row) {
  const TensorMap& map = box.map;
  const size_t width = row_bytes(map);
  const int64_t inner = box.at[0];
  const int64_t begin = std::max<int64_t>(0, -inner);
  const int64_t end = std::min<int64_t>(map.box[0], int64_t{map.sizes[0]} + 1 - inner);
  const size_t rows = box_bytes(map) / width;
  for (size_t r = 0; r < rows; r++) {
    size_t rest = r;
    uintptr_t address = map.address;
    bool inside = end > begin;
    for (unsigned i = 1; i < map.rank; i++) {
      const int64_t at = box.at[i] + static_cast<int64_t>(rest % map.box[i]);
      rest /= map.box[i];
      inside = inside && at >= 0 && at <= int64_t{map.sizes[i]};
      address += static_cast<uintptr_t>(at) * map.strides[i - 1];
    }
    row(r * width, address + static_cast<uintptr_t>((inner + begin) * map.element_bytes), static_cast<size_t>(begin) * map.element_bytes,
        inside ? static_cast<size_t>(end - begin) * map.element_bytes : 0);
  }
}

// Where the hardware puts the chunk of this address: bits 4 to 6 of the address, or fewer of them, are changed by those three above.
uintptr_t swizzled(uintptr_t address, unsigned swizzle) {
  const uintptr_t mask = swizzle == 3 ? 7 : swizzle == 2 ? 3 : swizzle == 1 ? 1 : 0;
  return address ^ (address >> 7 & mask) << 4;
}

const TensorMap& check_map(Worker& worker, const void* pointer, int rank, const std::string& what) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  const auto* const map = static_cast<const TensorMap*>(pointer);
  if (address - worker.params_low >= worker.params_span) {
    fail(worker, kLaunchFailed, what + " with a tensor map that is not a parameter of the kernel; a copy in a thread's own memory is none to the engine");
  }
  if (address % 64 != 0 || map->magic != TensorMap::expected_magic) {
    fail(worker, kLaunchFailed, what + " with a tensor map that cuTensorMapEncodeTiled did not make");
  }
  if (rank != 0 && map->rank != rank) {
    fail(worker, kLaunchFailed, what + " of " + std::to_string(rank) + " coordinates; the tensor map has " + std::to_string(map->rank) + " dimensions");
  }
  return *map;
}

Box check_box(Worker& worker, const void* pointer, const int* at, int rank, uintptr_t shared, const std::string& what) {
  Box box{check_map(worker, pointer, rank, what), {}};
  const TensorMap& map = box.map;
  std::copy(at, at + rank, box.at);
  for (int i = 0; i < rank; i++) {
    if (map.element_strides[i] != 1) {
      fail(worker, kLaunchFailed, what + " with an element stride of " + std::to_string(map.element_strides[i]) + ", which the emulator does not have");
    }
  }
  if (map.interleave != 0 || map.swizzle > 3 || map.fill != 0) {
    fail(worker, kLaunchFailed, what + " with interleave " + std::to_string(map.interleave) + ", swizzle " + std::to_string(map.swizzle) + " and fill " +
                                    std::to_string(map.fill) + " (of CUtensorMap*); the emulator has interleave 0, swizzles 0 to 3 and fill 0");
  }
  const size_t span = map.swizzle == 0 ? 0 : size_t{16} << map.swizzle;
  if (span != 0 && row_bytes(map) != span) {
    fail(worker, kLaunchFailed, what + " with rows of " + std::to_string(row_bytes(map)) + " bytes and a swizzle of " + std::to_string(span) +
                                    "; the emulator has rows as wide as the swizzle");
  }
  const size_t alignment = std::max<size_t>(128, 8 * span);
  if (!in_shared(worker, shared) || (shared - worker.shared_low) % alignment != 0) {
    fail(worker, in_shared(worker, shared) ? kMisalignedAddress : kIllegalAddress,
         what + " at " + describe_address(worker, shared) + "; with this swizzle it lies in shared memory at a multiple of " + std::to_string(alignment));
  }
  return box;
}

void land(Worker& worker, size_t index) {
  Engine& engine = *worker.engine;
  const BulkCopy copy = engine.copies[index];
  engine.copies.erase(engine.copies.begin() + static_cast<std::ptrdiff_t>(index));
  order_after(&engine);
  if (copy.from != 0) {
    std::memcpy(reinterpret_cast<void*>(copy.to), reinterpret_cast<const void*>(copy.from), copy.bytes);
  } else {
    std::vector<unsigned char> row(row_bytes(copy.box.map));
    each_row(copy.box, [&](size_t to, uintptr_t from, size_t offset, size_t bytes) {
      std::memset(row.data(), 0, row.size());
      if (bytes != 0) {
        std::memcpy(row.data() + offset, reinterpret_cast<const void*>(from), bytes);
      }
      for (size_t chunk = 0; chunk < row.size(); chunk += kChunk) {
        const uintptr_t at = copy.to - worker.shared_low + to + chunk;
        std::memcpy(worker.shared + swizzled(at, copy.box.map.swizzle), row.data() + chunk, kChunk);
      }
    });
  }
  if (checked != nullptr) {
    note_engine_write(worker, copy.to, copy.bytes, landing_stamp(worker, copy));
  }
  order_before(&engine);
  bytes_landed(worker, copy);
}

void begin(Worker& worker, BulkCopy copy, void* barrier) {
  Engine& engine = *worker.engine;
  copy.thread = worker.thread->index;
  copy.barrier = mbarrier_at(worker, barrier, copy.what, copy.place).address;
  if (checked != nullptr) {
    const std::string what = at(copy.what, copy.place) + " writes";
    check_access(worker, copy.to, copy.bytes, kChunk, Access::kWrite, what.c_str());
    std::memset(worker.shared_state + (copy.to - worker.shared_low), kPending, copy.bytes);
  }
  order_before(&engine);
  engine.copies.push_back(copy);
  land_some(worker);
}

EngineRead reading(const Worker& worker, const BulkStore& store, bool again) {
  return EngineRead{at("tensor_store", store.place) + " reads", make_stamp(run_of(worker.stamp), store.number, engine_thread(kStoreEngine)),
                    store.known.seen, store.known.own.data(), again};
}

void perform(Worker& worker, const BulkStore& store) {
  if (checked != nullptr) {
    check_engine_read(worker, reading(worker, store, true), store.from, store.bytes);
  }
  std::vector<unsigned char> row(row_bytes(store.box.map));
  const std::string what = at("tensor_store", store.place) + " writes";
  each_row(store.box, [&](size_t from, uintptr_t to, size_t offset, size_t bytes) {
    for (size_t chunk = 0; chunk < row.size(); chunk += kChunk) {
      const uintptr_t at = store.from - worker.shared_low + from + chunk;
      std::memcpy(row.data() + chunk, worker.shared + swizzled(at, store.box.map.swizzle), kChunk);
    }
    if (bytes != 0) {
      if (checked != nullptr) {
        check_access(worker, to, bytes, 1, Access::kWrite, what.c_str());
      }
      std::memcpy(reinterpret_cast<void*>(to), row.data() + offset, bytes);
    }
  });
}

}  // namespace

bool land_needed(Worker& worker) {
  if (worker.engine == nullptr || !worker.engine->used) {
    return false;
  }
  Engine& engine = *worker.engine;
  while (worker.ready_warps == 0) {
    std::vector<size_t> needed;
    for (size_t i = 0; i < engine.copies.size(); i++) {
      if (somebody_waits(engine, engine.copies[i])) {
        needed.push_back(i);
      }
    }
    if (needed.empty()) {
      return false;
    }
    land(worker, needed[worker.random.next() % needed.size()]);
  }
  return true;
}

void land_some(Worker& worker) {
  Engine& engine = *worker.engine;
  if (!engine.copies.empty() && (worker.random.next() & 15) == 0) {
    land(worker, worker.random.next() % engine.copies.size());
  }
}

const BulkCopy* copy_to(const Worker& worker, uintptr_t address) {
  if (worker.engine != nullptr) {
    for (const BulkCopy& copy : worker.engine->copies) {
      if (address - copy.to < copy.bytes) {
        return &copy;
      }
    }
  }
  return nullptr;
}

void copy_bulk(void* shared, const void* global, int bytes, void* barrier, const char* file, int line) {
  Worker& worker = *current;
  BulkCopy copy{};
  copy.place = Place{file, line};
  copy.what = "bulk_copy";
  engine_of(worker, copy.what, copy.place);
  copy.to = reinterpret_cast<uintptr_t>(shared);
  copy.from = reinterpret_cast<uintptr_t>(global);
  const std::string what = at(copy.what, copy.place);
  if (!in_shared(worker, copy.to) || bytes <= 0 || bytes % 16 != 0 || copy.to % kChunk != 0 || copy.from % kChunk != 0) {
    fail(worker, kMisalignedAddress, what + " of " + std::to_string(bytes) + " bytes from " + describe_address(worker, copy.from) + " to " +
                                         describe_address(worker, copy.to) + "; it copies a multiple of 16 bytes from global to shared memory, both at such");
  }
  copy.bytes = static_cast<size_t>(bytes);
  if (checked != nullptr) {
    check_access(worker, copy.from, copy.bytes, kChunk, Access::kRead, (what + " reads").c_str());
    check_fenced(worker, copy.to, copy.bytes, (what + " writes").c_str());
  }
  begin(worker, copy, barrier);
}

void copy_tensor(void* shared, const void* map, const int* at, int rank, void* barrier, const char* file, int line) {
  Worker& worker = *current;
  BulkCopy copy{};
  copy.place = Place{file, line};
  copy.what = "tensor_copy";
  engine_of(worker, copy.what, copy.place);
  copy.to = reinterpret_cast<uintptr_t>(shared);
  const std::string what = gatun::emulator::at(copy.what, copy.place);
  copy.box = check_box(worker, map, at, rank, copy.to, what);
  copy.bytes = box_bytes(copy.box.map);
  if (checked != nullptr) {
    const std::string reads = what + " reads";
    each_row(copy.box, [&](size_t, uintptr_t from, size_t, size_t bytes) {
      if (bytes != 0) {
        check_access(worker, from, bytes, 1, Access::kRead, reads.c_str());
      }
    });
    check_fenced(worker, copy.to, copy.bytes, (what + " writes").c_str());
  }
  begin(worker, copy, barrier);
}

void prefetch_tensor(const void* map, const char* file, int line) { check_map(*current, map, 0, at("tensor_prefetch", Place{file, line})); }

void store_tensor(const void* map, const void* shared, const int* at, int rank, const char* file, int line) {
  Worker& worker = *current;
  BulkStore store{};
  store.place = Place{file, line};
  Engine& engine = engine_of(worker, "tensor_store", store.place);
  store.from = reinterpret_cast<uintptr_t>(shared);
  store.box = check_box(worker, map, at, rank, store.from, gatun::emulator::at("tensor_store", store.place));
  store.bytes = box_bytes(store.box.map);
  EngineThread& mine = engine.threads[worker.thread->index];
  store.group = mine.open_stores;
  store.number = ++engine.stored;
  make_known(worker, store.known);
  if (checked != nullptr) {
    check_engine_read(worker, reading(worker, store, false), store.from, store.bytes);
  }
  mine.stores.push_back(std::move(store));
}

void store_tensor_commit(const char* file, int line) {
  if (!pass_by("tensor_store_commit", file, line)) {
    engine_of(*current, "tensor_store_commit", Place{file, line}).threads[current->thread->index].open_stores++;
  }
}

void store_tensor_wait(int groups, const char* file, int line) {
  if (pass_by("tensor_store_wait", file, line)) {
    return;
  }
  Worker& worker = *current;
  Engine& engine = engine_of(worker, "tensor_store_wait", Place{file, line});
  EngineThread& mine = engine.threads[worker.thread->index];
  Knowledge done;
  while (!mine.stores.empty() && static_cast<int64_t>(mine.stores.front().group) < static_cast<int64_t>(mine.open_stores) - groups) {
    const BulkStore store = mine.stores.front();
    perform(worker, store);
    done.seen[kStoreEngine] = store.number;
    mine.stores.erase(mine.stores.begin());
  }
  come_to_know(worker, done);
}

}  // namespace gatun::emulator
