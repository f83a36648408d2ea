// The state of the driver, and the way in that every call takes: count, injected failures, the current context, what poisons it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "objects.h"
#include "scheduler.h"

namespace gatun::emulator::driver {

// A driver function: how often it was called, and the failure it is to answer with.
struct Call {
  Call(const char* name, void* address);
  const char* name;
  void* address;
  unsigned long long count = 0;
  int fail_in = 0;
  int result = 0;
};

class Driver {
 public:
  static Driver& get();
  static std::vector<Call*>& calls();

  // A failed operation poisons its context.
  void poison(Context& context, CUresult result, const std::string& message);
  // What an operation does to the driver's own books, before it runs and after; the lock is held.
  std::optional<Fault> prepare(const Operation& operation, Order& order);
  std::optional<Fault> settle(const Operation& operation);

  Device* device(CUdevice ordinal) { return ordinal < 0 || size_t(ordinal) >= devices.size() ? nullptr : &devices[ordinal]; }
  std::shared_ptr<Context> create_context(Device& device, unsigned flags, bool primary);
  void destroy_context(Lock& held, const std::shared_ptr<Context>& context);
  std::shared_ptr<Stream> create_stream(Context& context, unsigned flags, int priority);
  void retire_stream(Stream& stream);

  // Takes memory from a device, or null when it has no more.
  Block* allocate(Context& context, size_t bytes, BlockKind kind);
  void release(Block* block);

  std::mutex lock;
  bool initialized = false;
  int architecture = 80;
  std::vector<Device> devices;
  Scheduler scheduler;
  Handles<Context> contexts{0x11};
  Handles<Stream> streams{0x12};
  Handles<Event> events{0x13};
  Handles<Module> modules{0x14};
  Handles<Function> functions{0x15};
  Handles<Graph> graphs{0x16};
  Handles<GraphExec> executables{0x17};
  Handles<NodeOf> nodes{0x18};
  Handles<Pool> pools{0x19};
  std::string last_fault;
  std::map<int, std::string> fault_texts;
  int fail_any_in = 0, fail_any_result = 0;
  uint64_t next_number = 1;
  size_t live_blocks = 0, live_bytes = 0, live_host = 0;

 private:
  Driver();
};

// The contexts that the calling host thread has made current, the last one on top.
std::vector<std::shared_ptr<Context>>& current_contexts();

enum Needs : unsigned {
  needs_nothing = 0,
  needs_init = 1,
  needs_context = 2 | needs_init,
  // A call that gives something back does so even when the context is poisoned, and then tells of it.
  gives_back = 4,
  // A call that a capture in progress may forbid.
  unsafe_in_capture = 8,
};

// Stands at the head of every driver function and holds the lock while it runs.
class Entry {
 public:
  Entry(Call& call, unsigned needs);
  // What the call answers after it did its work: what poisons the context, or the result given.
  CUresult answer(CUresult result = CUDA_SUCCESS) const;

  Lock lock;
  Driver& driver;
  Context* context = nullptr;
  bool refused = false;
  CUresult refusal = CUDA_SUCCESS;

 private:
  CUresult admit(Call& call, unsigned needs);
  std::shared_ptr<Context> held_;
};

bool is_sticky(int result);

// The default streams' handles stand for the context's own; null if there is no such stream.
std::shared_ptr<Stream> stream_of(Entry& entry, CUstream handle);

// Gives an action to a stream: enters it, or adds it to the graph if the stream is being captured. `entered` gets the operation if there is one.
CUresult submit(Entry& entry, Stream& stream, std::shared_ptr<const Action> action, std::shared_ptr<Operation>* entered = nullptr);

template <class T>
std::shared_ptr<const Action> action(T what) {
  auto made = std::make_shared<Action>();
  made->what = std::move(what);
  return made;
}

}  // namespace gatun::emulator::driver

#define GATUN_DRIVER_FUNCTION(NAME, ...)                                                              \
  namespace {                                                                                         \
  gatun::emulator::driver::Call call_##NAME(#NAME, reinterpret_cast<void*>(static_cast<CUresult (*) __VA_ARGS__>(&NAME))); \
  }                                                                                                   \
  CUresult NAME __VA_ARGS__

#define GATUN_ENTER(NAME, NEEDS)         \
  Entry entry(call_##NAME, NEEDS);       \
  if (entry.refused) return entry.refusal
