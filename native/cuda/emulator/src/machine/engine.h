// The copy engine and the warpgroups' tensor cores of a block: what they have under way, and what is known of it. Made when a thread first asks for one of them.
//
// Their works have stamps as those of threads have, with numbers behind the block's: of a warpgroup's products and of copies out of shared memory by counting them,
// of copies into it by the mbarrier that counts their bytes and its phase. So the same clocks tell whether a thread comes after a copy or a product.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "gatun/emulator/host/more_calls.h"
#include "gatun/emulator/tensor_map.h"
#include "worker.h"

namespace gatun::emulator {

constexpr unsigned kEngineWarps = 24;  // a block that uses them has at most so many warps of its own
constexpr unsigned kStoreEngine = 30;
constexpr unsigned kCopyEngine = 31;
constexpr unsigned kWarpgroup = 128;
constexpr unsigned tensor_cores(unsigned warpgroup) { return kEngineWarps + warpgroup; }
constexpr unsigned engine_thread(unsigned engine) { return engine * kLanes; }

// What somebody has seen: of each warp and engine up to which clock; of single threads more than of their warp; and, behind those, up to which phase of mbarriers.
struct Knowledge {
  uint32_t seen[kWarps] = {};
  std::vector<uint32_t> own;
};

struct Mbarrier {
  uintptr_t address;
  unsigned count, missing;
  int64_t bytes = 0;   // announced and not landed
  uint64_t phase = 0;
  Stamp made;
  Place place;
  bool announced = false;
  // The copy that landed last and the phase it belongs to; the last phase that a thread waited for. Counted from 1.
  uint64_t landed_in = 0, waited_for = 0;
  const char* landed = nullptr;
  Place landed_at;
  unsigned landed_by = 0;
  Knowledge gathering, released[2];  // by the arrivals of this phase; of the last phase of either parity
  std::vector<unsigned> waiters;
};

// A box of a tensor, row by row.
struct Box {
  TensorMap map;
  int at[5];
};

struct BulkCopy {
  unsigned thread;
  Place place;
  const char* what;
  uintptr_t barrier;
  uintptr_t to;
  size_t bytes;
  uintptr_t from;  // 0 where it is a box
  Box box;
};

struct BulkStore {
  Place place;
  uintptr_t from;
  size_t bytes;
  Box box;
  unsigned group;
  uint32_t number;
  Knowledge known;  // when it was asked for
};

// The sums of products under way, of one array of each thread.
struct Sums {
  int n;
  unsigned holders = 0;
  std::vector<float> values;  // of thread t from t * n / 2 on
};

struct Product {
  WarpgroupProduct what;
  Place place;
  unsigned group;
  unsigned arrived = 0;
  uint32_t warps = 0;
  Knowledge known;  // by all four warps when they asked for it
  std::shared_ptr<Sums> sums;
  uint32_t registers[kWarpgroup][4];
};

struct Warpgroup {
  std::deque<Product> products;  // not performed yet
  uint64_t performed = 0;
  std::vector<unsigned> waiters;
  std::vector<std::pair<int, unsigned>> registers;  // each registers_down or _up: the number asked for, how many threads came by
};

// What an array of sums held, and holds now.
struct Held {
  float* d;
  std::shared_ptr<Sums> sums;
  uint64_t last;  // products up to this one add to it
  const char* name;
  Place place;
};
struct Left {
  const float* d;
  uint64_t hash;
};

struct EngineThread {
  std::vector<uint32_t> fences;  // the clock of each fence_async_proxy
  std::vector<BulkStore> stores;
  unsigned open_stores = 0;
  uint64_t issued = 0;
  unsigned open_group = 0;
  std::vector<uint64_t> commits;  // products issued before each commit
  bool fenced = false;            // by wgmma_fence, since the last wgmma_wait
  bool ever_fenced = false;
  std::vector<Held> held;
  std::vector<Left> left;         // of arrays given back
  size_t register_calls = 0;
};

struct Engine {
  bool used = false;
  std::vector<Mbarrier> barriers;
  std::vector<BulkCopy> copies;  // not landed
  uint32_t stored = 0;
  std::vector<EngineThread> threads;
  Warpgroup warpgroups[kEngineWarps / 4];
  std::vector<uint32_t> own[kWarps];  // of each warp, what it knows of single threads
  Knowledge arrivals[kBarriers];      // at named barriers, of threads that did not wait
};

// The engine of the running block.
Engine& engine_of(Worker& worker, const char* what, const Place& place);
void reset_engine(Worker& worker);

// The running thread makes known what it knows, and goes on in a time of its own; or comes to know.
void make_known(Worker& worker, Knowledge& to);
void come_to_know(Worker& worker, const Knowledge& from);
void merge(Knowledge& into, const Knowledge& other);

// Whether what was done at that time in this block is known.
bool is_known(const Engine& engine, Stamp earlier, const uint32_t* seen, const uint32_t* own);
// Whether the running thread's warp knows what a single thread or a copy did.
bool knows_more(const Worker& worker, Stamp earlier);
// Whether all that a thread wrote by that clock was fenced for the engines, as far as is known here.
bool fenced_for_engines(const Engine& engine, Stamp written, const uint32_t* seen, const uint32_t* own);

// Lets a copy land that a waiting thread needs; false if there is none, or nobody could go on after it.
bool land_needed(Worker& worker);
// Now and then lets any copy land.
void land_some(Worker& worker);
// The copy under way to the address; null if there is none.
const BulkCopy* copy_to(const Worker& worker, uintptr_t address);

// The barrier at an address, made by a thread that the running one comes after; a fault otherwise.
Mbarrier& mbarrier_at(Worker& worker, const void* address, const char* what, const Place& place);
void bytes_landed(Worker& worker, const BulkCopy& copy);
// When a copy that lands now does so.
Stamp landing_stamp(Worker& worker, const BulkCopy& copy);
bool somebody_waits(Engine& engine, const BulkCopy& copy);

std::string describe_engine_wait(const Worker& worker, const Thread& thread);
std::string engine_name(unsigned warp);
// Called when a thread of the block is at its end.
void leave_engine(Worker& worker);

}  // namespace gatun::emulator
