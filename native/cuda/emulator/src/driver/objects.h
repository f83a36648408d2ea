// What the handles of the driver API stand for.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gatun/emulator/driver_abi.h"
#include "arena.h"
#include "operation.h"

namespace gatun::emulator::driver {

// Objects of one kind by handle. Handles count up and are never used twice, so that a destroyed one is always recognised and none is ever followed as a
// pointer.
template <class T>
class Handles {
 public:
  explicit Handles(uintptr_t kind) : next_((kind << 40) + 16) {}

  void* add(std::shared_ptr<T> object) {
    const uintptr_t handle = next_;
    next_ += 16;
    objects_.emplace(handle, std::move(object));
    return reinterpret_cast<void*>(handle);
  }
  std::shared_ptr<T> find(const void* handle) const {
    const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }
  void remove(const void* handle) { objects_.erase(reinterpret_cast<uintptr_t>(handle)); }
  size_t size() const { return objects_.size(); }
  const std::unordered_map<uintptr_t, std::shared_ptr<T>>& all() const { return objects_; }

 private:
  uintptr_t next_;
  std::unordered_map<uintptr_t, std::shared_ptr<T>> objects_;
};

struct Capture;
struct Graph;
struct GraphExec;
struct NodeOf;

struct Stream {
  Context* context = nullptr;
  uint64_t number = 0;
  unsigned flags = 0;
  int priority = 0;
  bool legacy = false;
  unsigned track = 0;
  std::vector<unsigned> graph_tracks;  // for the branches of graphs launched here
  std::shared_ptr<Operation> tail;
  std::shared_ptr<Capture> capture;
  std::vector<size_t> capture_tails;   // nodes of the capture's graph that the next one depends on

  bool blocking() const { return !legacy && (flags & CU_STREAM_NON_BLOCKING) == 0; }
};

struct Event {
  Context* context = nullptr;
  unsigned flags = 0;
  std::shared_ptr<Operation> recorded;
  std::weak_ptr<Capture> capture;      // where it was recorded while that stream was captured
  std::vector<size_t> capture_nodes;
  bool captured = false;
};

// A memory pool. `held` counts what the host holds; `reserved` what the pool has not given back to its device.
struct Pool {
  int device = 0;
  bool of_device = false;
  size_t held = 0, held_high = 0, reserved = 0, reserved_high = 0;
  uint64_t threshold = 0, max_bytes = 0;
  int reuse[3] = {1, 1, 1};
};

struct Function {
  const KernelEntry* kernel = nullptr;
  Context* context = nullptr;
  void* module = nullptr;
  size_t max_dynamic_shared = 48 << 10;
  int carveout = -1;
  bool big_clusters = false;
  int capability = 0;  // the least that its device form runs on; 0 where its source states none
};

struct Module {
  Context* context = nullptr;
  std::string unit;
  std::map<std::string, void*> functions;
};

struct Device {
  int ordinal = 0;
  size_t memory = 0, used = 0;
  std::shared_ptr<Context> primary;
  unsigned primary_count = 0, primary_flags = 0;
  std::shared_ptr<Pool> default_pool, pool;
  void* default_pool_handle = nullptr;
};

struct Context {
  void* handle = nullptr;
  Device* device = nullptr;
  uint64_t id = 0;
  unsigned flags = 0;
  bool primary = false;
  CUresult sticky = CUDA_SUCCESS;
  std::shared_ptr<Stream> legacy;
  std::map<std::thread::id, std::shared_ptr<Stream>> per_thread;
  std::set<std::shared_ptr<Stream>> streams;
  std::vector<std::shared_ptr<Operation>> orphans;  // last operations of blocking streams that were destroyed, for the legacy stream to come behind
  Clock issued;                                     // all operations there ever were
  std::set<Block*> blocks;
  std::set<Context*> peers;
};

}  // namespace gatun::emulator::driver
