#include "engine.h"

#include <algorithm>
#include <cstring>

#include "schedule.h"

namespace gatun::emulator {

Engine& engine_of(Worker& worker, const char* what, const Place& place) {
  if (worker.engine == nullptr) {
    worker.engine = new Engine();
  }
  Engine& engine = *worker.engine;
  if (!engine.used) {
    if (worker.threads_in_block > kEngineWarps * kLanes) {
      fail(worker, kLaunchFailed, at(what, place) + " in a block of " + std::to_string(worker.threads_in_block) +
                                      " threads; copies and warpgroups are followed in blocks of up to " + std::to_string(kEngineWarps * kLanes));
    }
    engine.used = true;
    engine.threads.resize(worker.threads_in_block);
    for (std::vector<uint32_t>& own : engine.own) {
      own.assign(worker.threads_in_block + kLanes, 0);
    }
  }
  return engine;
}

void reset_engine(Worker& worker) {
  if (worker.engine != nullptr && worker.engine->used) {
    *worker.engine = Engine();
  }
}

void merge(Knowledge& into, const Knowledge& other) {
  for (unsigned i = 0; i < kWarps; i++) {
    into.seen[i] = std::max(into.seen[i], other.seen[i]);
  }
  into.own.resize(std::max(into.own.size(), other.own.size()));
  for (size_t i = 0; i < other.own.size(); i++) {
    into.own[i] = std::max(into.own[i], other.own[i]);
  }
}

void make_known(Worker& worker, Knowledge& to) {
  Clock& clock = worker.warp->clock;
  const unsigned thread = worker.thread->index;
  const std::vector<uint32_t>& own = worker.engine->own[thread / kLanes];
  to.own.resize(own.size());
  for (unsigned i = 0; i < kWarps; i++) {
    to.seen[i] = std::max(to.seen[i], clock.seen[i]);
  }
  for (size_t i = 0; i < own.size(); i++) {
    to.own[i] = std::max(to.own[i], own[i]);
  }
  to.own[thread] = clock.now;
  clock.now++;
  refresh_stamp(worker);
}

void come_to_know(Worker& worker, const Knowledge& from) {
  Clock& clock = worker.warp->clock;
  std::vector<uint32_t>& own = worker.engine->own[worker.thread->index / kLanes];
  bool more = false;
  for (unsigned i = 0; i < kWarps; i++) {
    more |= from.seen[i] > clock.seen[i];
    clock.seen[i] = std::max(clock.seen[i], from.seen[i]);
  }
  for (size_t i = 0; i < from.own.size(); i++) {
    more |= from.own[i] > own[i];
    own[i] = std::max(own[i], from.own[i]);
  }
  if (more) {
    clock.now++;
    refresh_stamp(worker);
  }
}

bool is_known(const Engine& engine, Stamp earlier, const uint32_t* seen, const uint32_t* own) {
  const uint32_t thread = thread_of(earlier);
  const uint32_t clock = clock_of(earlier);
  if (thread >= engine_thread(kCopyEngine)) {
    return clock <= own[engine.threads.size() + thread % kLanes] || clock == kLastClock;
  }
  return clock <= seen[thread / kLanes] || clock == kLastClock || (thread < engine.threads.size() && clock <= own[thread]);
}

bool knows_more(const Worker& worker, Stamp earlier) {
  return worker.engine != nullptr && worker.engine->used &&
         is_known(*worker.engine, earlier, worker.clock->seen, worker.engine->own[worker.thread->index / kLanes].data());
}

bool fenced_for_engines(const Engine& engine, Stamp written, const uint32_t* seen, const uint32_t* own) {
  const uint32_t thread = thread_of(written);
  if (thread >= engine.threads.size() || clock_of(written) == kLastClock) {
    return true;
  }
  const std::vector<uint32_t>& fences = engine.threads[thread].fences;
  const auto first = std::lower_bound(fences.begin(), fences.end(), clock_of(written));
  return first != fences.end() && (*first <= seen[thread / kLanes] || *first <= own[thread]);
}

std::string engine_name(unsigned warp) {
  if (warp == kCopyEngine) {
    return "a copy by the copy engine";
  }
  if (warp == kStoreEngine) {
    return "a tensor_store";
  }
  const unsigned first = (warp - kEngineWarps) * 4;
  return "a wgmma of warps " + std::to_string(first) + "-" + std::to_string(first + 3);
}

std::string describe_engine_wait(const Worker& worker, const Thread& thread) {
  const Engine& engine = *worker.engine;
  if (thread.mbarrier == 0) {
    const Warpgroup& group = engine.warpgroups[thread.index / kWarpgroup];
    for (const Product& product : group.products) {
      if (product.arrived < kWarpgroup) {
        return " for " + at("a wgmma", product.place) + " that " + std::to_string(product.arrived) + " of 128 threads of the warpgroup have asked for";
      }
    }
    return "";
  }
  for (const Mbarrier& barrier : engine.barriers) {
    if (barrier.address == thread.mbarrier) {
      return " for parity " + std::to_string(thread.parity) + " of the mbarrier at dynamic or static offset " +
             std::to_string(barrier.address - worker.shared_low) + " made at " + describe_place(barrier.place) + ", in its phase " +
             std::to_string(barrier.phase) + ": " + std::to_string(barrier.missing) + " of " + std::to_string(barrier.count) + " arrivals are missing, " +
             std::to_string(barrier.bytes) + " bytes announced have not landed";
    }
  }
  return "";
}

void leave_engine(Worker& worker) {
  if (worker.engine == nullptr || !worker.engine->used) {
    return;
  }
  Engine& engine = *worker.engine;
  const EngineThread& mine = engine.threads[worker.thread->index];
  if (!mine.held.empty()) {
    fail(worker, kLaunchFailed, "has exited, but its " + at(mine.held.front().name, mine.held.front().place) + " was never waited for");
  }
  if (!mine.stores.empty()) {
    fail(worker, kLaunchFailed, "has exited, but its " + at("tensor_store", mine.stores.front().place) + " was never waited for");
  }
  if (worker.live != 1) {
    return;
  }
  if (!engine.copies.empty()) {
    const BulkCopy& copy = engine.copies.front();
    fail_thread(worker, copy.thread, kLaunchFailed, "the block is at its end, but the " + at(copy.what, copy.place) + " was never waited for");
  }
  for (const Mbarrier& barrier : engine.barriers) {
    if (barrier.landed_in > barrier.waited_for) {
      fail_thread(worker, barrier.landed_by, kLaunchFailed, "the block is at its end, but the " + at(barrier.landed, barrier.landed_at) + " was never waited for");
    }
  }
  for (const Warpgroup& group : engine.warpgroups) {
    for (const auto& [count, threads] : group.registers) {
      if (threads != kWarpgroup) {
        fail(worker, kLaunchFailed, "the block is at its end, but " + std::to_string(threads) + " of 128 threads of warps " +
                                        std::to_string((&group - engine.warpgroups) * 4) + "-" + std::to_string((&group - engine.warpgroups) * 4 + 3) +
                                        " came by a change to " + std::to_string(count) + " registers");
      }
    }
  }
}

}  // namespace gatun::emulator
