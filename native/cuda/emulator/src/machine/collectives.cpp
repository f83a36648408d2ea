// What threads do together: barriers of the block and of named parts of it, and the operations of a warp. The last thread to come completes the operation for
// all and goes on; the others had given way.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "access.h"
#include "engine.h"
#include "gatun/emulator/host/more_calls.h"
#include "ordering.h"
#include "schedule.h"
#include "tensor_core.h"
#include "worker.h"

namespace gatun::emulator {

namespace {

const char* name_of(WarpOperation operation) {
  if (operation == kMmaE4m3) {
    return "mma_e4m3";
  }
  switch (operation) {
    case WarpOperation::kSync: return "__syncwarp";
    case WarpOperation::kShuffle32:
    case WarpOperation::kShuffle64: return "__shfl_sync";
    case WarpOperation::kShuffleUp32:
    case WarpOperation::kShuffleUp64: return "__shfl_up_sync";
    case WarpOperation::kShuffleDown32:
    case WarpOperation::kShuffleDown64: return "__shfl_down_sync";
    case WarpOperation::kShuffleXor32:
    case WarpOperation::kShuffleXor64: return "__shfl_xor_sync";
    case WarpOperation::kBallot: return "__ballot_sync";
    case WarpOperation::kAny: return "__any_sync";
    case WarpOperation::kAll: return "__all_sync";
    case WarpOperation::kAddSigned:
    case WarpOperation::kAddUnsigned: return "__reduce_add_sync";
    case WarpOperation::kMinSigned:
    case WarpOperation::kMinUnsigned: return "__reduce_min_sync";
    case WarpOperation::kMaxSigned:
    case WarpOperation::kMaxUnsigned: return "__reduce_max_sync";
    case WarpOperation::kLdmatrix: return "ldmatrix4";
    case WarpOperation::kLdmatrixTransposed: return "ldmatrix4_transposed";
    case WarpOperation::kMmaF16: return "mma_f16";
    case WarpOperation::kMmaBf16: return "mma_bf16";
    case WarpOperation::kMmaS8: return "mma_s8";
  }
  return "?";
}

const char* name_of(BlockOperation operation) {
  switch (operation) {
    case BlockOperation::kSync: return "__syncthreads";
    case BlockOperation::kOr: return "__syncthreads_or";
    case BlockOperation::kAnd: return "__syncthreads_and";
    case BlockOperation::kCount: return "__syncthreads_count";
  }
  return "?";
}

std::string hex(uint32_t mask) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08X", mask);
  return text;
}

uint32_t lanes_with(const Warp& warp, uint32_t mask, WarpOperation operation) {
  uint32_t agreeing = 0;
  for (uint32_t rest = mask & warp.waiting; rest != 0; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    if (warp.mask[lane] == mask && warp.operation[lane] == operation) {
      agreeing |= 1u << lane;
    }
  }
  return agreeing;
}

void shuffle(Worker& worker, Warp& warp, uint32_t mask, WarpOperation operation) {
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    const int width = warp.width[lane];
    const int argument = warp.argument[lane];
    const int first = lane & ~(width - 1);
    const int last = first + width - 1;
    int source;
    switch (operation) {
      case WarpOperation::kShuffle32:
      case WarpOperation::kShuffle64:
        source = first | (argument & (width - 1));
        break;
      case WarpOperation::kShuffleUp32:
      case WarpOperation::kShuffleUp64:
        source = lane - argument < first ? lane : lane - argument;
        break;
      case WarpOperation::kShuffleDown32:
      case WarpOperation::kShuffleDown64:
        source = lane + argument > last ? lane : lane + argument;
        break;
      default:
        source = (lane ^ argument) > last ? lane : lane ^ argument;
    }
    if ((mask >> source & 1) == 0) {
      const unsigned thread = static_cast<unsigned>(&warp - worker.warps) * kLanes + static_cast<unsigned>(lane);
      fail_thread(worker, thread, kLaunchFailed,
                  std::string(name_of(operation)) + " reads lane " + std::to_string(source) + ", which its mask " + hex(mask) + " does not name (" +
                      describe_place(worker.threads[thread].place) + ")");
    }
    warp.out[lane] = warp.in[source];
  }
}

template <class T, class Combine>
void reduce(Warp& warp, uint32_t mask, T start, Combine combine) {
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    start = combine(start, static_cast<T>(warp.in[__builtin_ctz(rest)]));
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    warp.out[__builtin_ctz(rest)] = static_cast<uint32_t>(start);
  }
}

void complete(Worker& worker, Warp& warp, uint32_t mask, WarpOperation operation) {
  switch (operation) {
    case WarpOperation::kSync:
      // Lanes that the mask leaves out are taken to have met as well: that can hide a race with them, never invent one.
      warp.clock.now++;
      warp.clock.seen[&warp - worker.warps] = warp.clock.now - 1;
      break;
    case WarpOperation::kBallot:
    case WarpOperation::kAny:
    case WarpOperation::kAll: {
      uint32_t votes = 0;
      for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        votes |= static_cast<uint32_t>(warp.in[__builtin_ctz(rest)]) << __builtin_ctz(rest);
      }
      const uint64_t result = operation == WarpOperation::kBallot ? votes : operation == WarpOperation::kAny ? votes != 0 : votes == mask;
      for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        warp.out[__builtin_ctz(rest)] = result;
      }
      break;
    }
    case WarpOperation::kAddSigned:
    case WarpOperation::kAddUnsigned:
      reduce<uint32_t>(warp, mask, 0, [](uint32_t a, uint32_t b) { return a + b; });
      break;
    case WarpOperation::kMinSigned:
      reduce<int32_t>(warp, mask, INT32_MAX, [](int32_t a, int32_t b) { return std::min(a, b); });
      break;
    case WarpOperation::kMinUnsigned:
      reduce<uint32_t>(warp, mask, UINT32_MAX, [](uint32_t a, uint32_t b) { return std::min(a, b); });
      break;
    case WarpOperation::kMaxSigned:
      reduce<int32_t>(warp, mask, INT32_MIN, [](int32_t a, int32_t b) { return std::max(a, b); });
      break;
    case WarpOperation::kMaxUnsigned:
      reduce<uint32_t>(warp, mask, 0, [](uint32_t a, uint32_t b) { return std::max(a, b); });
      break;
    case WarpOperation::kLdmatrix:
    case WarpOperation::kLdmatrixTransposed:
      load_matrices(warp.in, operation == WarpOperation::kLdmatrixTransposed);
      break;
    case WarpOperation::kMmaF16:
      multiply_f16(warp.in);
      break;
    case WarpOperation::kMmaBf16:
      multiply_bf16(warp.in);
      break;
    case WarpOperation::kMmaS8:
      multiply_s8(warp.in);
      break;
    default:
      if (operation == kMmaE4m3) {
        multiply_e4m3(warp.in);
      } else {
        shuffle(worker, warp, mask, operation);
      }
  }
}

// Tells of a lane of the mask that waits in something else that in turn needs the running lane: neither can go on.
void check_agreement(Worker& worker, const Warp& warp, uint32_t mask, WarpOperation operation, const Place& place) {
  const uint32_t strangers = mask & warp.waiting & ~lanes_with(warp, mask, operation);
  for (uint32_t rest = strangers; rest != 0; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    if ((warp.mask[lane] >> worker.lane & 1) != 0) {
      const Thread& other = worker.threads[static_cast<unsigned>(&warp - worker.warps) * kLanes + lane];
      fail(worker, kLaunchFailed,
           "lanes of a warp disagree: this one is in " + at(name_of(operation), place) + " with mask " + hex(mask) + ", thread " + std::to_string(other.index) +
               " in " + at(other.what, other.place) + " with mask " + hex(warp.mask[lane]));
    }
  }
}

void meet(Worker& worker, const Barrier& barrier) {
  Engine* const engine = worker.engine != nullptr && worker.engine->used ? worker.engine : nullptr;
  uint32_t together[kWarps] = {};
  const unsigned count = engine != nullptr ? kWarps : (worker.threads_in_block + kLanes - 1) / kLanes;
  Knowledge* const more = engine != nullptr ? &engine->arrivals[&barrier - worker.barriers] : nullptr;
  if (more != nullptr) {
    std::memcpy(together, more->seen, sizeof(together));
    more->own.resize(worker.threads_in_block + kLanes);
    for (unsigned i = 0; i < kWarps; i++) {
      for (size_t j = 0; barrier.lanes[i] != 0 && j < engine->own[i].size(); j++) {
        more->own[j] = std::max(more->own[j], engine->own[i][j]);
      }
    }
  }
  for (unsigned i = 0; i < count; i++) {
    if (barrier.lanes[i] != 0) {
      const Clock& clock = worker.warps[i].clock;
      for (unsigned j = 0; j < count; j++) {
        together[j] = std::max(together[j], clock.seen[j]);
      }
      together[i] = std::max(together[i], clock.now);
    }
  }
  for (unsigned i = 0; i < count; i++) {
    if (barrier.lanes[i] != 0) {
      Clock& clock = worker.warps[i].clock;
      std::memcpy(clock.seen, together, count * sizeof(uint32_t));
      clock.now++;
      clock.seen[i] = clock.now - 1;
      if (more != nullptr) {
        engine->own[i] = more->own;
      }
    }
  }
  if (more != nullptr) {
    *more = Knowledge{};
  }
}

void arrive(Worker& worker, Barrier& barrier, int id, unsigned expected, const char* what, const Place& place) {
  Thread& thread = *worker.thread;
  if (barrier.arrived == 0) {
    barrier.expected = expected;
    barrier.what = what;
    barrier.place = place;
    barrier.first = thread.index;
    barrier.trues = 0;
  }
  barrier.arrived++;
  thread.barrier = id;
  thread.what = what;
  thread.place = place;
}

void complete(Worker& worker, Barrier& barrier) {
  barrier.turn ^= 1;
  barrier.result = barrier.operation == BlockOperation::kAnd     ? barrier.trues == barrier.arrived
                   : barrier.operation == BlockOperation::kOr    ? barrier.trues != 0
                   : barrier.operation == BlockOperation::kCount ? static_cast<int>(barrier.trues)
                                                                 : 0;
  meet(worker, barrier);
  barrier.arrived = 0;
  for (unsigned i = 0; i < kWarps; i++) {
    if (barrier.lanes[i] != 0) {
      wake(worker, i, barrier.lanes[i]);
      barrier.lanes[i] = 0;
    }
  }
  refresh_stamp(worker);
}

// Gives way until the barrier is complete.
void wait_at(Worker& worker, Barrier& barrier) {
  uint64_t* const order = &barrier.order[barrier.turn];
  order_before(order);
  if (barrier.arrived < barrier.expected) {
    give_way(worker, State::kAtBarrier);
    order_after(order);
    return;
  }
  order_after(order);
  complete(worker, barrier);
  order_before(order);
}

unsigned first_exited(const Worker& worker) {
  for (unsigned i = 0; i < worker.threads_in_block; i++) {
    if (worker.threads[i].state == State::kExited) {
      return i;
    }
  }
  return 0;
}

// A lane reads its row when it comes; were the row written between then and the last lane's coming, that would be a race.
void check_matrix_row(Worker& worker, WarpOperation operation, uint64_t value, const Place& place) {
  const auto row = reinterpret_cast<uintptr_t>(*reinterpret_cast<const void* const*>(value));
  if (!in_shared(worker, row)) {
    fail(worker, kIllegalAddress, at(name_of(operation), place) + " of an address outside shared memory: " + describe_address(worker, row));
  }
  note_read16(reinterpret_cast<const void*>(row));
  if (checked != nullptr) {
    check_access(worker, row, 16, 16, Access::kRead, operation == WarpOperation::kLdmatrix ? "ldmatrix4 reads" : "ldmatrix4_transposed reads");
  }
}

}  // namespace

namespace {

uint64_t meet_in_warp(WarpOperation operation, uint32_t mask, uint64_t value, int argument, int width, const char* file, int line) {
  Worker& worker = *current;
  Warp& warp = *worker.warp;
  const unsigned lane = worker.lane;
  const uint32_t bit = 1u << lane;
  if (operation == WarpOperation::kLdmatrix || operation == WarpOperation::kLdmatrixTransposed) {
    check_matrix_row(worker, operation, value, Place{file, line});
  }
  warp.operation[lane] = operation;
  warp.mask[lane] = mask;
  warp.in[lane] = value;
  warp.argument[lane] = argument;
  warp.width[lane] = width;
  worker.thread->place = Place{file, line};
  if (warp.waiting == 0) {
    warp.first_operation = operation;
    warp.first_mask = mask;
    warp.mixed = false;
  } else if (warp.first_operation != operation || warp.first_mask != mask) {
    warp.mixed = true;
  }
  warp.waiting |= bit;
  if ((mask & warp.waiting) != mask || (mask & bit) == 0) {
    const Place place{file, line};
    if ((mask & bit) == 0) {
      fail(worker, kLaunchFailed, at(name_of(operation), place) + ": lane " + std::to_string(lane) + " is not in its own mask " + hex(mask));
    }
    if ((mask & ~warp.exists) != 0) {
      fail(worker, kLaunchFailed, at(name_of(operation), place) + ": mask " + hex(mask) + " names lanes that the block of " +
                                      std::to_string(worker.threads_in_block) + " threads does not have");
    }
    if ((mask & warp.exited) != 0) {
      fail(worker, kLaunchFailed, at(name_of(operation), place) + ": mask " + hex(mask) + " names lane " + std::to_string(__builtin_ctz(mask & warp.exited)) +
                                      ", which has exited");
    }
    worker.thread->what = name_of(operation);
    if (warp.mixed) {
      check_agreement(worker, warp, mask, operation, place);
    }
    give_way(worker, State::kInWarp);
    return warp.out[lane];
  }
  if (warp.mixed && lanes_with(warp, mask, operation) != mask) {
    worker.thread->what = name_of(operation);
    check_agreement(worker, warp, mask, operation, Place{file, line});
    give_way(worker, State::kInWarp);
    return warp.out[lane];
  }
  complete(worker, warp, mask, operation);
  warp.waiting &= ~mask;
  wake(worker, worker.thread->index / kLanes, mask);
  refresh_stamp(worker);
  return warp.out[lane];
}

}  // namespace

uint64_t warp_operation(WarpOperation operation, uint32_t mask, uint64_t value, int argument, int width, const char* file, int line) {
  if (operation == WarpOperation::kSync && pass_by("__syncwarp", file, line)) {
    return 0;
  }
  Warp& warp = *current->warp;
  // Of all operations of a warp this one alone orders memory.
  if (operation == WarpOperation::kSync) {
    order_before(&warp.clock);
  }
  const uint64_t result = meet_in_warp(operation, mask, value, argument, width, file, line);
  if (operation == WarpOperation::kSync) {
    order_after(&warp.clock);
  }
  return result;
}

int block_barrier(BlockOperation operation, int predicate, const char* file, int line) {
  if (operation == BlockOperation::kSync && pass_by("__syncthreads", file, line)) {
    return 0;
  }
  Worker& worker = *current;
  Barrier& barrier = worker.barriers[0];
  const Place place{file, line};
  const char* const what = name_of(operation);
  if (worker.live != worker.threads_in_block) {
    fail(worker, kLaunchFailed, "divergent barrier: waits at " + at(what, place) + ", but thread " + std::to_string(first_exited(worker)) + " has exited");
  }
  const bool same_place = barrier.arrived == 0 || (barrier.place.line == line && (barrier.place.file == file || std::strcmp(barrier.place.file, file) == 0));
  if (barrier.arrived != 0 && (barrier.operation != operation || !same_place)) {
    fail(worker, kLaunchFailed, "divergent barrier: waits at " + at(what, place) + ", but thread " + std::to_string(barrier.first) + " at " +
                                    at(barrier.what, barrier.place));
  }
  arrive(worker, barrier, 0, worker.threads_in_block, what, place);
  barrier.lanes[worker.thread->index / kLanes] |= 1u << worker.lane;
  barrier.operation = operation;
  barrier.trues += predicate != 0;
  wait_at(worker, barrier);
  return barrier.result;
}

namespace {

Barrier& arrive_at_named(Worker& worker, const char* what, int id, int threads, const Place& place) {
  if (id < 1 || id >= static_cast<int>(kBarriers) || threads <= 0 || threads % static_cast<int>(kLanes) != 0) {
    fail(worker, kLaunchFailed, at(what, place) + ": id " + std::to_string(id) + " for " + std::to_string(threads) +
                                    " threads; ids are 1 to 15, threads a multiple of 32");
  }
  Barrier& barrier = worker.barriers[id];
  if (barrier.arrived != 0 && barrier.expected != static_cast<unsigned>(threads)) {
    fail(worker, kLaunchFailed, "divergent barrier: " + at(what, place) + " " + std::to_string(id) + " for " + std::to_string(threads) +
                                    " threads, but thread " + std::to_string(barrier.first) + " waits there for " + std::to_string(barrier.expected));
  }
  arrive(worker, barrier, id, static_cast<unsigned>(threads), what, place);
  barrier.operation = BlockOperation::kSync;
  return barrier;
}

}  // namespace

void named_barrier(int id, int threads, const char* file, int line) {
  if (pass_by("gatun::barrier", file, line)) {
    return;
  }
  Worker& worker = *current;
  Barrier& barrier = arrive_at_named(worker, "gatun::barrier", id, threads, Place{file, line});
  barrier.lanes[worker.thread->index / kLanes] |= 1u << worker.lane;
  wait_at(worker, barrier);
}

void named_barrier_arrive(int id, int threads, const char* file, int line) {
  if (pass_by("gatun::barrier_arrive", file, line)) {
    return;
  }
  Worker& worker = *current;
  const Place place{file, line};
  Engine& engine = engine_of(worker, "gatun::barrier_arrive", place);
  Barrier& barrier = arrive_at_named(worker, "gatun::barrier_arrive", id, threads, place);
  order_before(&barrier.order[barrier.turn]);
  make_known(worker, engine.arrivals[id]);
  if (barrier.arrived == barrier.expected) {
    complete(worker, barrier);
  }
}

void leave_collectives(Worker& worker) {
  const Thread& thread = *worker.thread;
  const Warp& warp = *worker.warp;
  for (uint32_t rest = warp.waiting; rest != 0; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    if ((warp.mask[lane] >> worker.lane & 1) != 0) {
      const Thread& other = worker.threads[thread.index / kLanes * kLanes + lane];
      fail(worker, kLaunchFailed, "has exited, but thread " + std::to_string(other.index) + " waits for it in " + at(other.what, other.place) + " with mask " +
                                      hex(warp.mask[lane]));
    }
  }
  const Barrier& barrier = worker.barriers[0];
  if (barrier.arrived != 0) {
    fail(worker, kLaunchFailed,
         "divergent barrier: has exited, but thread " + std::to_string(barrier.first) + " waits at " + at(barrier.what, barrier.place));
  }
}

std::string describe_waiting(const Worker& worker) {
  std::string text;
  const auto same = [](const Thread& a, const Thread& b) {
    const bool waits = a.state == State::kInWarp || a.state == State::kAtBarrier || a.state == State::kAtEngine;
    return a.state == b.state && (!waits || (a.place.line == b.place.line && a.barrier == b.barrier && a.mbarrier == b.mbarrier && a.parity == b.parity &&
                                             std::strcmp(a.what, b.what) == 0));
  };
  int spans = 0;
  for (unsigned i = 0; i < worker.threads_in_block;) {
    unsigned end = i + 1;
    while (end < worker.threads_in_block && same(worker.threads[i], worker.threads[end])) {
      end++;
    }
    const Thread& thread = worker.threads[i];
    if (spans == 12) {
      return text + "; ...";
    }
    text += spans++ == 0 ? "" : "; ";
    text += end - i == 1 ? "thread " + std::to_string(i) : "threads " + std::to_string(i) + "-" + std::to_string(end - 1);
    if (thread.state == State::kExited) {
      text += " exited";
    } else if (thread.state == State::kInWarp) {
      text += " in " + at(thread.what, thread.place) + " with mask " + hex(worker.warps[i / kLanes].mask[i % kLanes]);
    } else if (thread.state == State::kAtEngine) {
      text += " in " + at(thread.what, thread.place) + describe_engine_wait(worker, thread);
    } else if (thread.state != State::kAtBarrier) {
      text += " can run";
    } else if (thread.barrier == 0) {
      text += " at " + at(thread.what, thread.place);
    } else {
      const Barrier& barrier = worker.barriers[thread.barrier];
      text += " at " + at(thread.what, thread.place) + " " + std::to_string(thread.barrier) + ", where " + std::to_string(barrier.arrived) + " of " +
              std::to_string(barrier.expected) + " threads are";
    }
    i = end;
  }
  return text;
}

void thread_fence(bool device, const char* file, int line) {
  if (pass_by(device ? "__threadfence" : "__threadfence_block", file, line)) {
    return;
  }
  Worker& worker = *current;
  if (device && worker.races) {
    worker.publications.fence(worker.thread->index / kLanes, *worker.clock);
  }
}

}  // namespace gatun::emulator
