// One block: its threads as fibers, which of them runs next, and how it ends.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "schedule.h"

namespace gatun::emulator {

__thread Worker* current = nullptr;
__thread Worker* checked = nullptr;

namespace {

std::string where(const Worker& worker, unsigned thread) {
  const Uint3& b = worker.block;
  return std::string(worker.launch->spec->kernel->symbol) + " block (" + std::to_string(b.x) + "," + std::to_string(b.y) + "," + std::to_string(b.z) +
         ") thread " + std::to_string(thread) + ": ";
}

void record(Worker& worker, int result, std::string message) {
  Launch& launch = *worker.launch;
  if (!launch.faulted.exchange(true)) {
    launch.fault = Fault{result, std::move(message)};
  }
  for (Worker& each : *launch.workers) {
    each.stop = true;
  }
}

void run_thread() {
  entered_fiber();
  Worker& worker = *current;
  order_after(&worker.threads);
  worker.launch->spec->kernel->body(worker.launch->params);
  Thread& thread = *worker.thread;
  leave_collectives(worker);
  leave_engine(worker);
  thread.state = State::kExited;
  thread.copies.clear();
  Warp& warp = *worker.warp;
  warp.ready &= ~(1u << worker.lane);
  warp.exited |= 1u << worker.lane;
  if (warp.ready == 0) {
    worker.ready_warps &= ~(1u << (thread.index / kLanes));
  }
  worker.live--;
  // ThreadSanitizer would take a stack that another thread of the block goes on with for a race between the two.
  if (!kThreadSanitized) {
    if (worker.retired != nullptr) {
      worker.stacks.give(worker.retired);
    }
    worker.retired = thread.stack;
    thread.stack = nullptr;
  }
  run_another(worker);
  __builtin_unreachable();
}

}  // namespace

bool start_thread(Worker& worker, Thread& thread) {
  thread.stack = worker.stacks.take();
  if (thread.stack == nullptr) {
    record(worker, kOutOfResources, where(worker, thread.index) + "the host has no memory for the thread's stack");
    return false;
  }
  set_stack(thread.fiber, thread.stack, StackPool::kSpan);
  thread.context = new_context(StackPool::top(thread.stack), run_thread);
  thread.state = State::kReady;
  return true;
}

void give_up(Worker& worker) {
  fail(worker, kLaunchTimeout, "the launch has taken more than " + std::to_string(timeout_seconds()) +
                                   " s of processor time (GATUN_EMULATOR_TIMEOUT); "
                                   "a thread that waits for another in a loop without a barrier or an atomic waits for ever here");
}

void fail(Worker& worker, int result, const std::string& what) { fail_thread(worker, worker.thread->index, result, what); }

void fail_thread(Worker& worker, unsigned thread, int result, const std::string& what) {
  record(worker, result, where(worker, thread) + what);
  Context abandoned;
  enter_fiber(worker.main_fiber);
  switch_context(abandoned, worker.main);
  __builtin_unreachable();
}

std::string describe_place(const Place& place) {
  const char* const slash = std::strrchr(place.file, '/');
  return std::string(slash == nullptr ? place.file : slash + 1) + ":" + std::to_string(place.line);
}

std::string at(const char* what, const Place& place) { return std::string(what) + " (" + describe_place(place) + ")"; }

bool Worker::create() {
  if (shared != nullptr) {
    return true;
  }
  constexpr size_t kSharedSpan = 512 * 1024;
  void* const arena = mmap(nullptr, kSharedSpan, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void* const state = mmap(nullptr, kSharedSpan, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void* const cells = mmap(nullptr, kSharedSpan / 4 * sizeof(Cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (arena == MAP_FAILED || state == MAP_FAILED || cells == MAP_FAILED) {
    return false;
  }
  shared = static_cast<unsigned char*>(arena);
  shared_low = reinterpret_cast<uintptr_t>(arena);
  shared_span = kSharedSpan;
  shared_state = static_cast<unsigned char*>(state);
  shared_cells = static_cast<Cell*>(cells);
  std::memset(shared_state, kOutside, kSharedSpan);
  forbid_memory(shared, kSharedSpan);
  // A kernel has few; so that no thread moves the list that another one made.
  variables.reserve(64);
  for (unsigned i = 0; i < kLanes * kWarps; i++) {
    threads[i].index = i;
  }
  return true;
}

#if defined(GATUN_THREAD_SANITIZED)
void Worker::begin_fibers() {
  main_fiber = this_fiber();
  for (unsigned i = 0; i < threads_in_block; i++) {
    // Kept from block to block, since making one is slow.
    if (threads[i].fiber == nullptr) {
      threads[i].fiber = new_fiber();
    }
  }
  order_before(&threads);
}

void Worker::end_fibers() {
  for (unsigned i = 0; i < threads_in_block; i++) {
    enter_fiber(threads[i].fiber);
    order_before(&threads);
    enter_fiber(main_fiber);
    // A thread that did not come to its end left calls that it never returned from.
    if (live != 0) {
      end_fiber(threads[i].fiber);
      threads[i].fiber = nullptr;
    }
  }
  order_after(&threads);
}
#else
void Worker::begin_fibers() { main_fiber = this_fiber(); }
void Worker::end_fibers() {}
#endif

void Worker::run_block(unsigned ordinal) {
  const LaunchSpec& spec = *launch->spec;
  const uint32_t linear = launch->order[ordinal];
  block = Uint3{linear % spec.grid.x, linear / spec.grid.x % spec.grid.y, linear / spec.grid.x / spec.grid.y};
  grid = Uint3{spec.grid.x, spec.grid.y, spec.grid.z};
  threads_in_block = spec.block.x;
  first_run = launch->first_run;
  stamp = make_stamp(launch->first_run + ordinal, 0, 0);
  random.state = launch->seed ^ (linear + 1) * 0x9E3779B97F4A7C15ull;
  random.state = random.state == 0 ? 1 : random.state;
  for (int i = 0; i < 4; i++) {
    random.next();
  }
  std::memset(static_cast<void*>(known), 0, sizeof(known));
  publications.reset();
  waits.clear();
  open_shared(*this);
  reset_engine(*this);
  const unsigned count = (threads_in_block + kLanes - 1) / kLanes;
  ready_warps = 0;
  live = threads_in_block;
  for (unsigned i = 0; i < count; i++) {
    const unsigned lanes = std::min(kLanes, threads_in_block - i * kLanes);
    Warp& w = warps[i];
    w.exists = lanes == kLanes ? 0xFFFFFFFFu : (1u << lanes) - 1;
    w.ready = w.exists;
    w.waiting = w.exited = 0;
    w.mixed = false;
    w.clock.now = 1;
    std::memset(w.clock.seen, 0, sizeof(w.clock.seen));
    ready_warps |= 1u << i;
  }
  for (unsigned i = 0; i < threads_in_block; i++) {
    threads[i].state = State::kNew;
    threads[i].open_group = 0;
    threads[i].copies.clear();
  }
  for (Barrier& barrier : barriers) {
    if (barrier.arrived != 0) {
      std::memset(barrier.lanes, 0, sizeof(barrier.lanes));
      barrier.arrived = 0;
    }
  }
  current = this;
  checked = checks() == Checks::kNone ? nullptr : this;
  warp = &warps[pick_bit(ready_warps, random.next())];
  clock = &warp->clock;
  begin_fibers();
  if (choose_thread(*this)) {
    enter_fiber(thread->fiber);
    switch_context(main, thread->context);
    entered_fiber();
  }
  end_fibers();
  current = nullptr;
  checked = nullptr;
  for (unsigned i = 0; i < threads_in_block; i++) {
    if (threads[i].stack != nullptr) {
      stacks.give(threads[i].stack);
      threads[i].stack = nullptr;
    }
  }
  if (live != 0 && !launch->faulted) {
    const Uint3& b = block;
    record(*this, stop ? kLaunchTimeout : kLaunchFailed,
           std::string(spec.kernel->symbol) + " block (" + std::to_string(b.x) + "," + std::to_string(b.y) + "," + std::to_string(b.z) +
               "): " + (stop ? "the launch has taken too long (GATUN_EMULATOR_TIMEOUT): " : "deadlock: ") + describe_waiting(*this));
  }
}

}  // namespace gatun::emulator
