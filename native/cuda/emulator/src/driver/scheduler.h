// Runs operations on the device's thread: as late as is legal, or at random times, or at once.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "operation.h"
#include "order.h"

namespace gatun::emulator::driver {

using Lock = std::unique_lock<std::mutex>;

class Scheduler {
 public:
  enum class Mode { late, random, eager };

  Scheduler();

  // A new sequence of operations for the clocks.
  unsigned open_track();
  void close_track(unsigned track);

  // Enters an operation behind what it depends on (null entries are passed over).
  void enter(Lock& lock, const std::shared_ptr<Operation>& operation, const std::vector<std::shared_ptr<Operation>>& dependencies);
  // Waits until an operation has run. If the host is told so, what it enqueues later is ordered behind it.
  void wait(Lock& lock, const std::shared_ptr<Operation>& operation, bool told = true);
  // Waits for all operations of a context.
  void drain(Lock& lock, Context& context);
  // Lets one operation run of those that this one needs, so that a host which asks again and again gets to the end.
  void nudge(Lock& lock, const std::shared_ptr<Operation>& operation);
  // The host saw that the operation has run.
  void seen(const Operation& operation);
  void seed(uint32_t seed);
  size_t pending() const { return pending_.size(); }

 private:
  void need(const std::shared_ptr<Operation>& operation);
  void demand(const std::shared_ptr<Operation>& operation);
  uint32_t draw(uint32_t bound);
  [[noreturn]] void run();
  void finish(const std::shared_ptr<Operation>& operation);
  std::shared_ptr<Operation> overlapped(const Operation& operation, const std::vector<std::shared_ptr<Operation>>& dependencies) const;
  std::optional<Fault> launch_one(Lock& lock, Operation& operation);
  std::optional<Fault> execute_one(Lock& lock, Operation& operation);
  Clock floor() const;

  Mode mode_;
  uint64_t random_;
  uint64_t next_operation_ = 1;
  size_t staged_ = 0;
  bool started_ = false;
  std::map<uint64_t, std::shared_ptr<Operation>> pending_;
  std::vector<std::shared_ptr<Operation>> runnable_;
  std::condition_variable work_, done_;
  Clock host_;
  std::vector<uint64_t> ticks_;
  std::vector<unsigned> spare_tracks_;
  Order order_;
  size_t most_remembered_ = 1024;
};

// Does what an operation says. Called on the device's thread without the lock; `unordered` are the launches that it may not conflict with, `prior` those that its
// threads wait for.
std::optional<Fault> perform(const Operation& operation, std::vector<UnorderedLaunch> unordered, std::vector<UnorderedLaunch> prior);

// True on the device's thread, where the driver may not be called.
bool on_device_thread();

}  // namespace gatun::emulator::driver
