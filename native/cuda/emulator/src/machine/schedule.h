// Which thread of the block runs next. Every legal order is possible; the generator of the block chooses.
#pragma once

#include "engine.h"
#include "worker.h"

namespace gatun::emulator {

// Gives a thread its stack; false, with a fault noted, if there is none.
bool start_thread(Worker& worker, Thread& thread);

// A set bit, the first from a random one on.
inline unsigned pick_bit(uint32_t bits, unsigned turn) {
  turn &= 31;
  const uint32_t turned = bits >> turn | bits << (-turn & 31);
  return (static_cast<unsigned>(__builtin_ctz(turned)) + turn) & 31;
}

// Chooses a thread that can run and makes it the running one; false if there is none, or the launch is at its end.
inline bool choose_thread(Worker& worker) {
  const uint32_t chance = worker.random.next();
  Warp* warp = worker.warp;
  // Mostly the warp goes on, which keeps its lanes' stacks in the cache; now and then another one takes over.
  if (warp->ready == 0 || (chance & 0xF) == 0) {
    if (worker.stop.load(std::memory_order_relaxed) || (worker.ready_warps == 0 && !land_needed(worker))) {
      return false;
    }
    warp = &worker.warps[pick_bit(worker.ready_warps, chance >> 4)];
    worker.warp = warp;
    worker.clock = &warp->clock;
  }
  const unsigned lane = pick_bit(warp->ready, chance >> 9);
  Thread& thread = worker.threads[static_cast<unsigned>(warp - worker.warps) * kLanes + lane];
  if (__builtin_expect(thread.state == State::kNew, 0) && !start_thread(worker, thread)) {
    return false;
  }
  worker.thread = &thread;
  worker.lane = lane;
  worker.stack_low = reinterpret_cast<uintptr_t>(thread.stack);
  worker.stamp = make_stamp(run_of(worker.stamp), warp->clock.now, thread.index);
  return true;
}

// Lets the scheduler's choice go on; the running thread has said before what it waits for.
inline void run_another(Worker& worker) {
  Thread& from = *worker.thread;
  if (choose_thread(worker)) {
    if (worker.thread != &from) {
      enter_fiber(worker.thread->fiber);
      switch_context(from.context, worker.thread->context);
      entered_fiber();
    }
  } else {
    enter_fiber(worker.main_fiber);
    switch_context(from.context, worker.main);
    entered_fiber();
  }
}

// The running thread waits until another wakes it.
inline void give_way(Worker& worker, State state) {
  Thread& thread = *worker.thread;
  thread.state = state;
  Warp& warp = *worker.warp;
  warp.ready &= ~(1u << worker.lane);
  if (warp.ready == 0) {
    worker.ready_warps &= ~(1u << (thread.index / kLanes));
  }
  run_another(worker);
  thread.state = State::kReady;
}

inline void refresh_stamp(Worker& worker) { worker.stamp = make_stamp(run_of(worker.stamp), worker.clock->now, worker.thread->index); }

inline void wake(Worker& worker, unsigned warp, uint32_t lanes) {
  worker.warps[warp].ready |= lanes;
  worker.ready_warps |= 1u << warp;
}

}  // namespace gatun::emulator
