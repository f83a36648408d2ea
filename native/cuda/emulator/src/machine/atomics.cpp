// Atomics. Blocks run on several OS threads, so these are real ones.
#include <cstring>

#include "access.h"
#include "schedule.h"

namespace gatun::emulator {

namespace {

const char* name_of(AtomicOperation operation) {
  switch (operation) {
    case AtomicOperation::kAdd32:
    case AtomicOperation::kAdd64:
    case AtomicOperation::kAddFloat: return "atomicAdd on";
    case AtomicOperation::kMinSigned:
    case AtomicOperation::kMinUnsigned: return "atomicMin on";
    case AtomicOperation::kMaxSigned:
    case AtomicOperation::kMaxUnsigned: return "atomicMax on";
    case AtomicOperation::kExchange32:
    case AtomicOperation::kExchange64: return "atomicExch on";
    case AtomicOperation::kOr32: return "atomicOr on";
    case AtomicOperation::kAnd32: return "atomicAnd on";
    case AtomicOperation::kIncrement: return "atomicInc on";
    case AtomicOperation::kDecrement: return "atomicDec on";
  }
  return "?";
}

// Another thread may come between one atomic and the next; a loop that waits for another thread by atomics depends on it.
struct Interleaving {
  Interleaving() = default;
  Interleaving(const Interleaving&) = delete;
  ~Interleaving() {
    Worker& worker = *current;
    if ((worker.random.next() & 7) == 0) {
      if (worker.stop) {
        give_up(worker);
      }
      run_another(worker);
    }
  }
};

// Where a sanitizer looks for races an atomic orders what its thread did before and does after; whether it was fenced too, the plain form tells.
struct Ordered {
  void* address;
  explicit Ordered(void* of) : address(of) { order_before(address); }
  Ordered(const Ordered&) = delete;
  ~Ordered() { order_after(address); }
};

void before(void* address, size_t bytes, const char* what) {
  Worker* const worker = checked;
  if (worker == nullptr) {
    return;
  }
  const auto at = reinterpret_cast<uintptr_t>(address);
  check_access(*worker, at, bytes, bytes, Access::kAtomic, what);
  if (worker->races && at - worker->device_low < worker->device_span) {
    worker->publications.at_atomic(run_of(worker->stamp), worker->thread->index / kLanes, *worker->clock, at);
  }
}

template <class T, class Change>
T change(void* address, Change change) {
  T* const to = static_cast<T*>(address);
  T old = __atomic_load_n(to, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(to, &old, change(old), true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
  return old;
}

float as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

uint32_t as_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

}  // namespace

uint64_t atomic(AtomicOperation operation, void* address, uint64_t operand) {
  const Interleaving after;
  const bool wide = operation == AtomicOperation::kAdd64 || operation == AtomicOperation::kExchange64;
  const Ordered ordered{address};
  before(address, wide ? 8 : 4, name_of(operation));
  const auto value = static_cast<uint32_t>(operand);
  switch (operation) {
    case AtomicOperation::kAdd32: return __atomic_fetch_add(static_cast<uint32_t*>(address), value, __ATOMIC_SEQ_CST);
    case AtomicOperation::kAdd64: return __atomic_fetch_add(static_cast<uint64_t*>(address), operand, __ATOMIC_SEQ_CST);
    case AtomicOperation::kAddFloat: return change<uint32_t>(address, [value](uint32_t old) { return as_bits(as_float(old) + as_float(value)); });
    case AtomicOperation::kMinSigned:
      return static_cast<uint32_t>(change<int32_t>(address, [value](int32_t old) { return std::min(old, static_cast<int32_t>(value)); }));
    case AtomicOperation::kMinUnsigned: return change<uint32_t>(address, [value](uint32_t old) { return std::min(old, value); });
    case AtomicOperation::kMaxSigned:
      return static_cast<uint32_t>(change<int32_t>(address, [value](int32_t old) { return std::max(old, static_cast<int32_t>(value)); }));
    case AtomicOperation::kMaxUnsigned: return change<uint32_t>(address, [value](uint32_t old) { return std::max(old, value); });
    case AtomicOperation::kExchange32: return __atomic_exchange_n(static_cast<uint32_t*>(address), value, __ATOMIC_SEQ_CST);
    case AtomicOperation::kExchange64: return __atomic_exchange_n(static_cast<uint64_t*>(address), operand, __ATOMIC_SEQ_CST);
    case AtomicOperation::kOr32: return __atomic_fetch_or(static_cast<uint32_t*>(address), value, __ATOMIC_SEQ_CST);
    case AtomicOperation::kAnd32: return __atomic_fetch_and(static_cast<uint32_t*>(address), value, __ATOMIC_SEQ_CST);
    case AtomicOperation::kIncrement: return change<uint32_t>(address, [value](uint32_t old) { return old >= value ? 0 : old + 1; });
    case AtomicOperation::kDecrement: return change<uint32_t>(address, [value](uint32_t old) { return old == 0 || old > value ? value : old - 1; });
  }
  return 0;
}

uint64_t atomic_compare_and_swap(void* address, int bytes, uint64_t expected, uint64_t desired) {
  const Interleaving after;
  const Ordered ordered{address};
  before(address, static_cast<size_t>(bytes), "atomicCAS on");
  if (bytes == 4) {
    auto old = static_cast<uint32_t>(expected);
    __atomic_compare_exchange_n(static_cast<uint32_t*>(address), &old, static_cast<uint32_t>(desired), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return old;
  }
  __atomic_compare_exchange_n(static_cast<uint64_t*>(address), &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}

}  // namespace gatun::emulator
