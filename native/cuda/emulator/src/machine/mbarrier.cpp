// Barriers in shared memory that count threads and bytes.
#include <algorithm>

#include "access.h"
#include "engine.h"
#include "ordering.h"
#include "schedule.h"

namespace gatun::emulator {

namespace {

constexpr int kMostCount = (1 << 20) - 1;

Mbarrier* find(Engine& engine, uintptr_t address) {
  for (Mbarrier& barrier : engine.barriers) {
    if (barrier.address == address) {
      return &barrier;
    }
  }
  return nullptr;
}

void end_phase(Worker& worker, Mbarrier& barrier) {
  if (barrier.missing != 0 || barrier.bytes != 0) {
    return;
  }
  barrier.released[barrier.phase & 1] = std::move(barrier.gathering);
  barrier.gathering = Knowledge{};
  barrier.phase++;
  barrier.missing = barrier.count;
  for (const unsigned thread : barrier.waiters) {
    wake(worker, thread / kLanes, 1u << (thread % kLanes));
  }
  barrier.waiters.clear();
}

void check_bytes(Worker& worker, unsigned thread, const Mbarrier& barrier, const std::string& by) {
  if (barrier.missing == 0 && barrier.bytes < 0) {
    fail_thread(worker, thread, kLaunchFailed, by + ": all threads have arrived at the mbarrier (" + describe_address(worker, barrier.address) + ") and " +
                                                   std::to_string(-barrier.bytes) + " bytes more have landed than were announced in its phase " +
                                                   std::to_string(barrier.phase));
  }
}

// A thread of the block has come to the barrier and arrives, or announces bytes and arrives.
void arrive(Worker& worker, void* address, int bytes, const char* what, const Place& place) {
  engine_of(worker, what, place);
  land_some(worker);
  Mbarrier& barrier = mbarrier_at(worker, address, what, place);
  if (bytes < 0 || bytes > kMostCount) {
    fail(worker, kLaunchFailed, at(what, place) + " announces " + std::to_string(bytes) + " bytes; 0 to " + std::to_string(kMostCount) + " are possible");
  }
  order_before(worker.engine);
  make_known(worker, barrier.gathering);
  barrier.bytes += bytes;
  barrier.missing--;
  check_bytes(worker, worker.thread->index, barrier, at(what, place));
  end_phase(worker, barrier);
}

}  // namespace

Mbarrier& mbarrier_at(Worker& worker, const void* pointer, const char* what, const Place& place) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  Mbarrier* const barrier = find(*worker.engine, address);
  if (barrier == nullptr) {
    fail(worker, in_shared(worker, address) ? kLaunchFailed : kIllegalAddress,
         at(what, place) + " at " + describe_address(worker, address) + ", where no mbarrier_init made a barrier");
  }
  if (worker.races && !comes_after(worker, barrier->made)) {
    fail(worker, kLaunchFailed, "race: " + at(what, place) + " at " + describe_address(worker, address) + ", where thread " +
                                    std::to_string(thread_of(barrier->made)) + " made the barrier (" + describe_place(barrier->place) +
                                    "), and nothing orders the two");
  }
  if (!barrier->announced) {
    fail(worker, kLaunchFailed, at(what, place) + " at " + describe_address(worker, address) + ", a barrier made (" + describe_place(barrier->place) +
                                    ") without mbarrier_init_done since");
  }
  return *barrier;
}

void bytes_landed(Worker& worker, const BulkCopy& copy) {
  Mbarrier& barrier = *find(*worker.engine, copy.barrier);
  barrier.bytes -= static_cast<int64_t>(copy.bytes);
  barrier.landed_in = barrier.phase + 1;
  barrier.landed = copy.what;
  barrier.landed_at = copy.place;
  barrier.landed_by = copy.thread;
  std::vector<uint32_t>& own = barrier.gathering.own;
  own.resize(worker.threads_in_block + kLanes);
  const Stamp stamp = landing_stamp(worker, copy);
  own[worker.threads_in_block + thread_of(stamp) % kLanes] = clock_of(stamp);
  check_bytes(worker, copy.thread, barrier, at(copy.what, copy.place));
  end_phase(worker, barrier);
}

Stamp landing_stamp(Worker& worker, const BulkCopy& copy) {
  const Mbarrier& barrier = *find(*worker.engine, copy.barrier);
  const auto number = static_cast<unsigned>(&barrier - worker.engine->barriers.data());
  return make_stamp(run_of(worker.stamp), static_cast<uint32_t>(std::min<uint64_t>(barrier.phase + 1, kLastClock)),
                    engine_thread(kCopyEngine) + number % kLanes);
}

bool somebody_waits(Engine& engine, const BulkCopy& copy) { return !find(engine, copy.barrier)->waiters.empty(); }

void barrier_init(void* pointer, int arrivals, const char* file, int line) {
  Worker& worker = *current;
  const Place place{file, line};
  Engine& engine = engine_of(worker, "mbarrier_init", place);
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  if (!in_shared(worker, address) || address % 8 != 0 || arrivals < 1 || arrivals > kMostCount) {
    fail(worker, kLaunchFailed, at("mbarrier_init", place) + " for " + std::to_string(arrivals) + " arrivals at " + describe_address(worker, address) +
                                    "; barriers lie in shared memory at a multiple of 8 and are for 1 to " + std::to_string(kMostCount));
  }
  if (find(engine, address) != nullptr) {
    fail(worker, kLaunchFailed, at("mbarrier_init", place) + " at " + describe_address(worker, address) + ", which is a barrier already");
  }
  if (checked != nullptr) {
    check_access(worker, address, 8, 8, Access::kWrite, "mbarrier_init writes");
    for (int i = 0; i < 8; i++) {
      worker.shared_state[address - worker.shared_low + static_cast<size_t>(i)] = kInitialised | kBarrier;
    }
  }
  Mbarrier barrier;
  barrier.address = address;
  barrier.count = barrier.missing = static_cast<unsigned>(arrivals);
  barrier.made = worker.stamp;
  barrier.place = place;
  engine.barriers.push_back(std::move(barrier));
}

void barrier_init_done(const char* file, int line) {
  if (pass_by("mbarrier_init_done", file, line)) {
    return;
  }
  Worker& worker = *current;
  for (Mbarrier& barrier : engine_of(worker, "mbarrier_init_done", Place{file, line}).barriers) {
    barrier.announced |= thread_of(barrier.made) == worker.thread->index;
  }
}

void barrier_arrive_at(void* barrier, const char* file, int line) {
  if (!pass_by("mbarrier_arrive", file, line)) {
    arrive(*current, barrier, 0, "mbarrier_arrive", Place{file, line});
  }
}

void barrier_expect(void* barrier, int bytes, const char* file, int line) {
  if (!pass_by("mbarrier_expect", file, line)) {
    arrive(*current, barrier, bytes, "mbarrier_expect", Place{file, line});
  }
}

void barrier_wait(void* pointer, int parity, const char* file, int line) {
  if (pass_by("mbarrier_wait", file, line)) {
    return;
  }
  Worker& worker = *current;
  Thread& thread = *worker.thread;
  const Place place{file, line};
  engine_of(worker, "mbarrier_wait", place);
  if (parity != 0 && parity != 1) {
    fail(worker, kLaunchFailed, at("mbarrier_wait", place) + " for parity " + std::to_string(parity) + "; it is 0 or 1");
  }
  land_some(worker);
  while (true) {
    Mbarrier& barrier = mbarrier_at(worker, pointer, "mbarrier_wait", place);
    if (static_cast<int>(barrier.phase & 1) != parity) {
      barrier.waited_for = barrier.phase;
      come_to_know(worker, barrier.released[parity]);
      order_after(worker.engine);
      return;
    }
    barrier.waiters.push_back(thread.index);
    thread.what = "mbarrier_wait";
    thread.place = place;
    thread.mbarrier = barrier.address;
    thread.parity = parity;
    give_way(worker, State::kAtEngine);
  }
}

void fence_async(const char* file, int line) {
  if (pass_by("fence_async_proxy", file, line)) {
    return;
  }
  Worker& worker = *current;
  Engine& engine = engine_of(worker, "fence_async_proxy", Place{file, line});
  Clock& clock = worker.warp->clock;
  engine.threads[worker.thread->index].fences.push_back(clock.now);
  clock.now++;
  refresh_stamp(worker);
}

}  // namespace gatun::emulator
