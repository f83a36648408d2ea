// Kernel units are compiled with -fsanitize=thread, so that every load and store that they do calls one of these functions first. The library that the compiler
// means is not linked; the functions are the machine's own.
#include "access.h"

#include "engine.h"

#include <link.h>

#include <cstdio>
#include <cstring>

namespace gatun::emulator {

namespace {

std::string hex(uintptr_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

// This library as it lies in memory: the addresses, and where they begin, so that a code address can be told as an offset in the file.
struct Image {
  uintptr_t base = 0, low = 0, high = 0;
};

const Image& image() {
  static const Image found = [] {
    Image result;
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
          Image candidate;
          candidate.base = info->dlpi_addr;
          candidate.low = UINTPTR_MAX;
          for (int i = 0; i < info->dlpi_phnum; i++) {
            if (info->dlpi_phdr[i].p_type == PT_LOAD) {
              candidate.low = std::min(candidate.low, static_cast<uintptr_t>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
              candidate.high = std::max(candidate.high, static_cast<uintptr_t>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz));
            }
          }
          const auto self = reinterpret_cast<uintptr_t>(&image);
          if (self >= candidate.low && self < candidate.high) {
            *static_cast<Image*>(data) = candidate;
            return 1;
          }
          return 0;
        },
        &result);
    return result;
  }();
  return found;
}

std::string access_text(const char* what, size_t bytes, uintptr_t address) {
  return std::string(what) + " " + std::to_string(bytes) + " bytes at " + hex(address);
}

std::string code_text(uintptr_t code) { return code == 0 ? "" : " (code " + hex(code - image().base) + ")"; }

const Worker::Variable* nearest_variable(const Worker& worker, size_t offset) {
  const Worker::Variable* nearest = nullptr;
  for (const Worker::Variable& variable : worker.variables) {
    if (variable.offset <= offset && (nearest == nullptr || variable.offset > nearest->offset)) {
      nearest = &variable;
    }
  }
  return nearest;
}

std::string allocation_text(const Allocation& allocation) {
  return "allocation " + std::to_string(allocation.id) + " of " + std::to_string(allocation.bytes) + " bytes";
}

[[noreturn]] void fail_misaligned(Worker& worker, uintptr_t address, size_t bytes, size_t alignment, const char* what, uintptr_t code) {
  fail(worker, kMisalignedAddress,
       access_text(what, bytes, address) + ", which is not a multiple of " + std::to_string(alignment) + ": " +
           describe_address(worker, address) + code_text(code));
}

// What holds for an address that is not known to be good: finds out, remembers it, or ends the launch.
void look_up(Worker& worker, uintptr_t address, size_t bytes, bool write, const char* what, uintptr_t code, Worker::Known& known) {
  if (address - worker.params_low < worker.params_span) {
    if (write) {
      fail(worker, kIllegalAddress, access_text(what, bytes, address) + " of the kernel's parameters" + code_text(code));
    }
    known = Worker::Known{worker.params_low, worker.params_low + worker.params_span};
    return;
  }
  const Allocation* const allocation = find_allocation(address);
  if (allocation != nullptr && address >= allocation->base && address - allocation->base < allocation->bytes + (1u << 20)) {
    if (!allocation->live) {
      fail(worker, kIllegalAddress, access_text(what, bytes, address) + ", " + std::to_string(address - allocation->base) + " into " +
                                        allocation_text(*allocation) + ", which is freed" + code_text(code));
    }
    const uintptr_t end = allocation->base + allocation->bytes;
    if (address + bytes <= end) {
      known = Worker::Known{allocation->base, end};
      return;
    }
    const std::string beyond = address >= end ? std::to_string(address - end) + " past the end" : "across the end";
    fail(worker, kIllegalAddress, access_text(what, bytes, address) + ", " + beyond + " of " + allocation_text(*allocation) + code_text(code));
  }
  const Image& self = image();
  if (!write && address >= self.low && address + bytes <= self.high) {
    known = Worker::Known{self.low, self.high};
    return;
  }
  for (unsigned i = 0; i < worker.threads_in_block; i++) {
    const Thread& thread = worker.threads[i];
    if (thread.stack != nullptr && address - reinterpret_cast<uintptr_t>(thread.stack) < StackPool::kSpan) {
      fail(worker, kIllegalAddress, access_text(what, bytes, address) + ", a local variable of thread " + std::to_string(i) + code_text(code));
    }
  }
  fail(worker, kIllegalAddress, access_text(what, bytes, address) + ", outside any allocation" + code_text(code));
}

std::string doer(const Worker& worker, Stamp stamp) {
  if (worker.engine != nullptr && worker.engine->used && run_of(stamp) == run_of(worker.stamp) && thread_of(stamp) / kLanes >= kEngineWarps) {
    return engine_name(thread_of(stamp) / kLanes);
  }
  std::string text = "thread " + std::to_string(thread_of(stamp));
  if (run_of(stamp) != run_of(worker.stamp)) {
    const uint32_t linear = worker.launch->order[run_of(stamp) - worker.first_run];
    const Uint3& grid = worker.grid;
    text += " of block (" + std::to_string(linear % grid.x) + "," + std::to_string(linear / grid.x % grid.y) + "," +
            std::to_string(linear / grid.x / grid.y) + ")";
  }
  return text;
}

[[noreturn]] __attribute__((noinline)) void fail_race(Worker& worker, uintptr_t address, size_t bytes, const char* what, const std::string& earlier,
                                                      uintptr_t code) {
  fail(worker, kLaunchFailed,
       "race: " + access_text(what, bytes, address) + " (" + describe_address(worker, address) + "), which " + earlier + ", and nothing orders the two" +
           code_text(code));
}

Stamp get(const Stamp& stamp) { return __atomic_load_n(&stamp, __ATOMIC_RELAXED); }
void put(Stamp& stamp, Stamp value) { __atomic_store_n(&stamp, value, __ATOMIC_RELAXED); }

// Whether the running thread has seen what this block did at that time.
inline bool ordered_within(const Worker& worker, Stamp earlier) {
  return clock_of(earlier) <= worker.clock->seen[thread_of(earlier) / kLanes] || thread_of(earlier) == thread_of(worker.stamp) ||
         clock_of(earlier) == kLastClock;
}

inline bool ordered(const Worker& worker, Stamp earlier) {
  if (run_of(earlier) == run_of(worker.stamp)) {
    return ordered_within(worker, earlier) || knows_more(worker, earlier);
  }
  return worker.publications.covers(*worker.clock, worker.thread->index / kLanes, earlier);
}

// The launch that the run belongs to, if it is one that nothing orders before this one; null for all others.
const UnorderedLaunch* unordered_launch(const Worker& worker, uint32_t run) {
  for (const auto* const launches : {&worker.launch->spec->unordered, &worker.launch->spec->prior}) {
    for (const UnorderedLaunch& launch : *launches) {
      if (run >= launch.runs.begin && run < launch.runs.end) {
        return launches == &worker.launch->spec->prior && has_waited(worker) ? nullptr : &launch;
      }
    }
  }
  return nullptr;
}

bool is_prior(const Worker& worker, const UnorderedLaunch& launch) {
  const std::vector<UnorderedLaunch>& prior = worker.launch->spec->prior;
  return !prior.empty() && &launch >= prior.data() && &launch < prior.data() + prior.size();
}

// Ends the launch if an earlier one touched the word, nothing orders the two, and the word was the same allocation's then.
void check_launch(Worker& worker, Stamp earlier, uintptr_t address, size_t bytes, const char* what, const char* did, uintptr_t code) {
  const UnorderedLaunch* const launch = unordered_launch(worker, run_of(earlier));
  const Allocation* const allocation = launch == nullptr ? nullptr : find_allocation(address);
  if (allocation != nullptr && run_of(earlier) >= allocation->first_run) {
    fail(worker, kLaunchFailed,
         "missing stream order: " + access_text(what, bytes, address) + " (" + describe_address(worker, address) + "), which " + launch->name + " " + did +
             (is_prior(worker, *launch) ? ", and this launch, which may start before that one ends, has not come by wait_for_prior_kernels"
                                        : ", and no event or synchronisation orders the two") +
             code_text(code));
  }
}

__attribute__((noinline)) void check_written(Worker& worker, Stamp written, uintptr_t address, size_t bytes, const char* what, uintptr_t code) {
  if (run_of(written) < worker.first_run) {
    check_launch(worker, written, address, bytes, what, "wrote", code);
    return;
  }
  if (!ordered(worker, written) && !((written & kAtomic) != 0 && worker.publications.took_part(address & ~static_cast<uintptr_t>(3)))) {
    fail_race(worker, address, bytes, what, doer(worker, written) + ((written & kAtomic) != 0 ? " changed atomically" : " wrote"), code);
  }
}

__attribute__((noinline)) void check_read(Worker& worker, Stamp read, uintptr_t address, size_t bytes, const char* what, uintptr_t code) {
  if (run_of(read) < worker.first_run) {
    check_launch(worker, read, address, bytes, what, "read", code);
    return;
  }
  const bool same_block = run_of(read) == run_of(worker.stamp);
  if (same_block && thread_of(read) == thread_of(worker.stamp)) {
    if ((read & kSeveral) != 0 && clock_of(read) == clock_of(worker.stamp)) {
      fail_race(worker, address, bytes, what, "other threads read too", code);
    }
  } else if (!ordered(worker, read)) {
    fail_race(worker, address, bytes, what, doer(worker, read) + " read", code);
  }
  if ((read & kForeign) != 0 && worker.publications.empty()) {
    fail_race(worker, address, bytes, what, "another block read", code);
  }
}

__attribute__((noinline)) void note_read(Worker& worker, Cell& cell, uint32_t oldest, Stamp read, Stamp bytes) {
  const Stamp mine = worker.stamp | bytes;
  const Stamp both = read & bytes & kAllBytes;
  Stamp next;
  if (run_of(read) < oldest || both == 0 || (run_of(read) < worker.first_run && unordered_launch(worker, run_of(read)) == nullptr)) {
    next = mine;
  } else if (run_of(read) != run_of(mine)) {
    next = worker.stamp | both | kForeign;
  } else if (ordered(worker, read)) {
    next = (read & kForeign) != 0 ? worker.stamp | both | kForeign : mine;
  } else {
    next = (read & ~kAllBytes) | both | kSeveral;
  }
  if (next != read) {
    put(cell.read, next);
  }
}

// `oldest` is the first run whose accesses may count: of the launches not ordered before this one for device memory, of the block for shared.
template <Access kAccess>
__attribute__((always_inline)) inline void touch(Worker& worker, Cell& cell, uint32_t oldest, Stamp bytes, uintptr_t address, size_t size,
                                                 const char* what, uintptr_t code) {
  const Stamp me = worker.stamp;
  const Stamp written = get(cell.written);
  const bool mine = same_thread_and_time(written, me);
  if (!mine && run_of(written) >= oldest && (written & bytes) != 0 && !(kAccess == Access::kAtomic && (written & kAtomic) != 0)) {
    if (run_of(written) != run_of(me) || !ordered_within(worker, written)) {
      check_written(worker, written, address, size, what, code);
    }
  }
  const Stamp read = get(cell.read);
  if constexpr (kAccess == Access::kRead) {
    if (same_thread_and_time(read, me) && (read & kSeveral) == 0) {
      if ((read | bytes) != read) {
        put(cell.read, (read & kForeign) != 0 ? read : read | bytes);
      }
    } else {
      note_read(worker, cell, oldest, read, bytes);
    }
  } else {
    if (run_of(read) >= oldest && (read & bytes) != 0) {
      check_read(worker, read, address, size, what, code);
    }
    if constexpr (kAccess == Access::kAtomic) {
      put(cell.written, me | bytes | kAtomic);
    } else {
      put(cell.written, mine && (written & kAtomic) == 0 ? written | bytes : me | bytes);
    }
  }
}

template <Access kAccess>
__attribute__((always_inline)) inline void touch_all(Worker& worker, Cell* cells, uint32_t oldest, uintptr_t offset, size_t bytes, uintptr_t address,
                                                     const char* what, uintptr_t code) {
  if (bytes >= 4 && (offset & 3) == 0) {
    for (; bytes >= 4; offset += 4, bytes -= 4) {
      touch<kAccess>(worker, cells[offset / 4], oldest, kAllBytes, address, bytes, what, code);
    }
  }
  while (bytes > 0) {
    const size_t first = offset & 3;
    const size_t part = std::min(bytes, 4 - first);
    touch<kAccess>(worker, cells[offset / 4], oldest, static_cast<Stamp>(((1u << part) - 1) << first) << kByteShift, address, bytes, what, code);
    offset += part;
    bytes -= part;
  }
}

__attribute__((noinline)) void fail_shared(Worker& worker, uintptr_t address, size_t bytes, bool write, const char* what, uintptr_t code) {
  const size_t offset = address - worker.shared_low;
  for (size_t i = 0; i < bytes; i++) {
    const size_t byte = offset + i;
    const unsigned char state = byte < worker.shared_span ? worker.shared_state[byte] : kOutside;
    if ((state & kOutside) != 0) {
      fail(worker, kIllegalAddress, access_text(what, bytes, address) + " of shared memory, " + describe_address(worker, address) + code_text(code));
    }
    if ((state & kBarrier) != 0) {
      fail(worker, kLaunchFailed, access_text(what, bytes, address) + " (" + describe_address(worker, address) + ") of an mbarrier" + code_text(code));
    }
    if ((state & kPending) != 0) {
      const BulkCopy* const copy = copy_to(worker, address + i);
      fail(worker, kLaunchFailed, access_text(what, bytes, address) + " (" + describe_address(worker, address) + "), to which a " +
                                      (copy != nullptr ? at(copy->what, copy->place) + " of thread " + std::to_string(copy->thread) +
                                                             " is under way: no mbarrier_wait covers it"
                                                       : "cp_async is under way: no cp_async_wait covers it") +
                                      code_text(code));
    }
    if (!write && (state & kInitialised) == 0) {
      fail(worker, kLaunchFailed,
           access_text(what, bytes, address) + " (" + describe_address(worker, address) + ") of shared memory that no thread has written" + code_text(code));
    }
  }
}

template <Access kAccess>
__attribute__((always_inline)) inline void access_shared(Worker& worker, uintptr_t address, size_t bytes, const char* what, uintptr_t code) {
  const uintptr_t offset = address - worker.shared_low;
  unsigned char* const state = worker.shared_state + offset;
  unsigned char good = kInitialised;
  unsigned char bad = 0;
  if (offset + bytes <= worker.shared_span) {
    for (size_t i = 0; i < bytes; i++) {
      good &= state[i];
      bad |= state[i];
    }
  } else {
    bad = kOutside;
  }
  if ((bad & (kOutside | kPending | kBarrier)) != 0 || (kAccess != Access::kWrite && good == 0)) {
    fail_shared(worker, address, bytes, kAccess == Access::kWrite, what, code);
  }
  // In the other forms all of a variable counts as written from the start.
  if constexpr (kAccess != Access::kRead && !kSanitized) {
    std::memset(state, kInitialised, bytes);
  }
  if (worker.races) {
    touch_all<kAccess>(worker, worker.shared_cells, run_of(worker.stamp), offset, bytes, address, what, code);
  }
}

inline Worker::Known& known_at(Worker& worker, uintptr_t code, bool write) {
  constexpr unsigned kHalf = Worker::kKnown / 2;
  return worker.known[((code ^ code >> 8) & (kHalf - 1)) + (write ? kHalf : 0)];
}

template <Access kAccess>
__attribute__((always_inline)) inline void access(Worker& worker, uintptr_t address, size_t bytes, size_t alignment, const char* what, uintptr_t code) {
  if (address - worker.stack_low < StackPool::kSpan) {
    return;
  }
  if (__builtin_expect(worker.stop.load(std::memory_order_relaxed), 0)) {
    give_up(worker);
  }
  if ((address & (alignment - 1)) != 0) {
    fail_misaligned(worker, address, bytes, alignment, what, code);
  }
  if (address - worker.shared_low < worker.shared_span) {
    access_shared<kAccess>(worker, address, bytes, what, code);
    return;
  }
  Worker::Known& known = known_at(worker, code, kAccess != Access::kRead);
  if (address < known.low || address + bytes > known.high) {
    look_up(worker, address, bytes, kAccess != Access::kRead, what, code, known);
  }
  if (worker.races && address - worker.device_low < worker.device_span) {
    touch_all<kAccess>(worker, worker.device_cells, worker.oldest_unordered, address - worker.device_low, bytes, address, what, code);
  }
}

}  // namespace

std::string describe_address(const Worker& worker, uintptr_t address) {
  if (in_shared(worker, address)) {
    const size_t offset = address - worker.shared_low;
    const Worker::Variable* const variable = nearest_variable(worker, offset);
    if (variable == nullptr) {
      return "before every shared variable";
    }
    const size_t into = offset - variable->offset;
    const std::string name = std::string("shared '") + variable->name + "'";
    return into < variable->bytes ? name + " + " + std::to_string(into)
                                  : std::to_string(into - variable->bytes) + " past the end of " + name + " of " + std::to_string(variable->bytes) + " bytes";
  }
  const Allocation* const allocation = find_allocation(address);
  if (allocation == nullptr || address < allocation->base || address - allocation->base >= allocation->bytes) {
    return "outside any allocation";
  }
  return allocation_text(*allocation) + " + " + std::to_string(address - allocation->base);
}

bool in_shared(const Worker& worker, uintptr_t address) { return address - worker.shared_low < worker.shared_span; }

void check_access(Worker& worker, uintptr_t address, size_t bytes, size_t alignment, Access kind, const char* what) {
  // A place in the table of known ranges for each size will do.
  switch (kind) {
    case Access::kRead:
      access<Access::kRead>(worker, address, bytes, alignment, what, 0);
      break;
    case Access::kWrite:
      access<Access::kWrite>(worker, address, bytes, alignment, what, 0);
      break;
    case Access::kAtomic:
      access<Access::kAtomic>(worker, address, bytes, alignment, what, 0);
  }
}

void note_shared_write(Worker& worker, uintptr_t address, size_t bytes) {
  if (worker.races) {
    touch_all<Access::kWrite>(worker, worker.shared_cells, run_of(worker.stamp), address - worker.shared_low, bytes, address, "cp_async writes", 0);
  }
}

bool comes_after(const Worker& worker, Stamp earlier) { return ordered(worker, earlier); }

void check_fenced(Worker& worker, uintptr_t address, size_t bytes, const char* what) {
  std::vector<uint32_t> own = worker.engine->own[worker.thread->index / kLanes];
  own[worker.thread->index] = worker.clock->now;
  for (uintptr_t word = address & ~static_cast<uintptr_t>(3); worker.races && word < address + bytes; word += 4) {
    const Stamp written = worker.shared_cells[(word - worker.shared_low) / 4].written;
    if (run_of(written) == run_of(worker.stamp) && !fenced_for_engines(*worker.engine, written, worker.clock->seen, own.data())) {
      fail(worker, kLaunchFailed, access_text(what, bytes, address) + " (" + describe_address(worker, word) + "), which " + doer(worker, written) +
                                      " wrote by an ordinary store, and no fence_async_proxy of that thread lies between");
    }
  }
}

void check_engine_read(Worker& worker, const EngineRead& read, uintptr_t address, size_t bytes) {
  const uintptr_t offset = address - worker.shared_low;
  unsigned char good = kInitialised;
  unsigned char bad = offset + bytes <= worker.shared_span ? 0 : kOutside;
  for (size_t i = 0; bad == 0 && i < bytes; i++) {
    good &= worker.shared_state[offset + i];
    bad |= worker.shared_state[offset + i] & (kOutside | kPending | kBarrier);
  }
  if (bad != 0 || good == 0) {
    fail_shared(worker, address, bytes, false, read.what.c_str(), 0);
  }
  for (uintptr_t word = address; worker.races && word < address + bytes; word += 4) {
    Cell& cell = worker.shared_cells[(word - worker.shared_low) / 4];
    const Stamp written = cell.written;
    if (run_of(written) == run_of(worker.stamp)) {
      if (!is_known(*worker.engine, written, read.seen, read.own)) {
        fail(worker, kLaunchFailed, "race: " + access_text(read.what.c_str(), bytes, address) + " (" + describe_address(worker, word) + "), which " +
                                        doer(worker, written) + " wrote" +
                                        (read.again ? " since, and nothing waits for the reading first" : ", and nothing orders the two"));
      }
      if (!fenced_for_engines(*worker.engine, written, read.seen, read.own)) {
        fail(worker, kLaunchFailed, access_text(read.what.c_str(), bytes, address) + " (" + describe_address(worker, word) + "), which " +
                                        doer(worker, written) + " wrote by an ordinary store, and no fence_async_proxy of that thread lies between");
      }
    }
    // Of several readers that nothing orders one is remembered; which, is left to chance.
    if (!read.again && (run_of(cell.read) != run_of(worker.stamp) || thread_of(cell.read) == thread_of(read.stamp) ||
                        is_known(*worker.engine, cell.read, read.seen, read.own) || (worker.random.next() & 1) != 0)) {
      cell.read = read.stamp | kAllBytes;
    }
  }
}

void note_engine_write(Worker& worker, uintptr_t address, size_t bytes, Stamp stamp) {
  std::memset(worker.shared_state + (address - worker.shared_low), kInitialised, bytes);
  for (uintptr_t word = address; worker.races && word < address + bytes; word += 4) {
    worker.shared_cells[(word - worker.shared_low) / 4].written = stamp | kAllBytes;
  }
}

namespace {

template <Access kAccess, size_t kBytes, size_t kAlignment>
__attribute__((noinline)) void on_access_beyond_stack(Worker& worker, uintptr_t address, uintptr_t code) {
  access<kAccess>(worker, address, kBytes, kAlignment, kAccess == Access::kRead ? "reads" : "writes", code);
}

// Apart from the rest, so that it needs no registers saved.
template <Access kAccess, size_t kBytes, size_t kAlignment>
__attribute__((always_inline)) inline void on_access(void* address, void* code) {
  Worker* const worker = checked;
  if (worker != nullptr && reinterpret_cast<uintptr_t>(address) - worker->stack_low >= StackPool::kSpan) {
    on_access_beyond_stack<kAccess, kBytes, kAlignment>(*worker, reinterpret_cast<uintptr_t>(address), reinterpret_cast<uintptr_t>(code));
  }
}

template <Access kAccess>
void on_range(void* address, size_t bytes, void* code) {
  Worker* const worker = checked;
  if (worker != nullptr && bytes != 0) {
    access<kAccess>(*worker, reinterpret_cast<uintptr_t>(address), bytes, 1, kAccess == Access::kRead ? "reads" : "writes", reinterpret_cast<uintptr_t>(code));
  }
}

// A function that is entered below the usable part of its stack.
[[maybe_unused]] __attribute__((noinline)) void check_stack(Worker& worker, uintptr_t pointer) {
  if (pointer - worker.stack_low < StackPool::kSpan) {
    fail(worker, kIllegalAddress, "uses more than " + std::to_string(StackPool::kUsable / 1024) + " KiB of stack for its local variables and calls");
  }
}

}  // namespace
}  // namespace gatun::emulator

using gatun::emulator::Access;
using gatun::emulator::checked;
using gatun::emulator::on_access;
using gatun::emulator::on_range;

#define GATUN_HIDDEN __attribute__((visibility("hidden")))
#define GATUN_ON(NAME, ACCESS, BYTES, ALIGNMENT) \
  GATUN_HIDDEN void __tsan_##NAME##BYTES(void* a) { on_access<Access::ACCESS, BYTES, ALIGNMENT>(a, __builtin_return_address(0)); }
// What the compiler calls unaligned is so by its declaration (a packed struct, a copy of bytes), and nvcc makes narrow accesses of it.
#define GATUN_ON_ACCESS(BYTES)                   \
  GATUN_ON(read, kRead, BYTES, BYTES)            \
  GATUN_ON(write, kWrite, BYTES, BYTES)          \
  GATUN_ON(volatile_read, kRead, BYTES, BYTES)   \
  GATUN_ON(volatile_write, kWrite, BYTES, BYTES) \
  GATUN_ON(unaligned_read, kRead, BYTES, 1)      \
  GATUN_ON(unaligned_write, kWrite, BYTES, 1)    \
  GATUN_ON(unaligned_volatile_read, kRead, BYTES, 1) \
  GATUN_ON(unaligned_volatile_write, kWrite, BYTES, 1)

// ThreadSanitizer's own runtime defines the calls where the rest of the emulator is built with it.
#if !defined(GATUN_THREAD_SANITIZED)

extern "C" {

GATUN_HIDDEN void __tsan_init() {}
GATUN_HIDDEN void __tsan_func_entry(void*) {
  auto* const worker = checked;
  if (worker != nullptr) {
    const auto pointer = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    if (pointer - worker->stack_low < gatun::emulator::StackPool::kSpan - gatun::emulator::StackPool::kUsable - 4096) {
      gatun::emulator::check_stack(*worker, pointer);
    }
  }
}
GATUN_HIDDEN void __tsan_func_exit(void*) {}

GATUN_ON_ACCESS(1)
GATUN_ON_ACCESS(2)
GATUN_ON_ACCESS(4)
GATUN_ON_ACCESS(8)
GATUN_ON_ACCESS(16)

GATUN_HIDDEN void __tsan_read_range(void* a, size_t bytes) { on_range<Access::kRead>(a, bytes, __builtin_return_address(0)); }
GATUN_HIDDEN void __tsan_write_range(void* a, size_t bytes) { on_range<Access::kWrite>(a, bytes, __builtin_return_address(0)); }
GATUN_HIDDEN void __tsan_vptr_read(void* a) { on_access<Access::kRead, 8, 8>(a, __builtin_return_address(0)); }
GATUN_HIDDEN void __tsan_vptr_update(void* a, void*) { on_access<Access::kWrite, 8, 8>(a, __builtin_return_address(0)); }

}  // extern "C"
#endif

// -fsanitize=alignment tests in the kernel itself whether a pointer fits its type, and calls this when it does not. Without it a misaligned float4 that the
// compiler reads in four parts would go unseen.
#if !defined(__SANITIZE_ADDRESS__)
namespace {

struct TypeDescription {
  uint16_t kind, info;
  char name[1];
};

struct Mismatch {
  const char* file;
  uint32_t line, column;
  const TypeDescription* type;
  unsigned char log_alignment, kind;
};

}  // namespace

extern "C" GATUN_HIDDEN void __ubsan_handle_type_mismatch_v1(const Mismatch* mismatch, uintptr_t address) {
  using namespace gatun::emulator;
  if (checked != nullptr) {
    fail(*checked, kMisalignedAddress, std::string("access to ") + mismatch->type->name + " at " + hex(address) + ", which is not a multiple of " +
                                           std::to_string(1u << mismatch->log_alignment) + ": " + describe_address(*checked, address) + " (" +
                                           describe_place(Place{mismatch->file, static_cast<int>(mismatch->line)}) + ")");
  }
}
#endif
