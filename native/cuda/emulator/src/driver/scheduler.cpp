#include "scheduler.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "driver.h"

namespace gatun::emulator::driver {

namespace {

// More waiting operations, or more bytes staged for copies, than this make the host wait for the older half, as a device's full queue does.
constexpr size_t most_pending = 4096;
constexpr size_t most_staged = size_t(256) << 20;

thread_local bool device_thread = false;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void join(Clock& into, const Clock& other) {
  if (into.size() < other.size()) into.resize(other.size());
  for (size_t i = 0; i < other.size(); i++) into[i] = std::max(into[i], other[i]);
}

}  // namespace

bool on_device_thread() { return device_thread; }

Scheduler::Scheduler() : mode_(Mode::late) {
  const char* mode = getenv("GATUN_EMULATOR_ASYNC");
  if (mode != nullptr && strcmp(mode, "random") == 0) mode_ = Mode::random;
  if (mode != nullptr && strcmp(mode, "eager") == 0) mode_ = Mode::eager;
  const char* text = getenv("GATUN_EMULATOR_SEED");
  seed(text == nullptr ? 1 : static_cast<uint32_t>(strtoul(text, nullptr, 10)));
}

void Scheduler::seed(uint32_t seed) { random_ = (uint64_t(seed) + 1) * 0x9E3779B97F4A7C15u; }

// Not the machine's choose(): kernels draw from that one at the same time, on the device's thread.
uint32_t Scheduler::draw(uint32_t bound) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<uint32_t>((random_ >> 32) % bound);
}

unsigned Scheduler::open_track() {
  // The track closed longest ago: a new stream's operations seem ordered behind those of the track's last user, so that should be long past.
  if (spare_tracks_.size() > 16) {
    const unsigned track = spare_tracks_.front();
    spare_tracks_.erase(spare_tracks_.begin());
    return track;
  }
  ticks_.push_back(0);
  return static_cast<unsigned>(ticks_.size() - 1);
}

void Scheduler::close_track(unsigned track) { spare_tracks_.push_back(track); }

void Scheduler::enter(Lock& lock, const std::shared_ptr<Operation>& operation, const std::vector<std::shared_ptr<Operation>>& dependencies) {
  if (!started_) {
    started_ = true;
    std::thread([this] { run(); }).detach();
  }
  operation->id = next_operation_++;
  operation->launch = std::holds_alternative<KernelLaunch>(operation->action->what);
  operation->clock = host_;
  operation->overlapped = overlapped(*operation, dependencies);
  for (const auto& dependency : dependencies) {
    if (dependency == nullptr) continue;
    join(operation->clock, dependency->clock);
    if (dependency->done) continue;
    operation->dependencies.push_back(dependency);
    dependency->dependents.push_back(operation);
    operation->waiting++;
  }
  if (operation->clock.size() <= operation->track) operation->clock.resize(operation->track + 1);
  operation->clock[operation->track] = ++ticks_[operation->track];
  join(operation->context->issued, operation->clock);
  staged_ += operation->staged;
  pending_.emplace(operation->id, operation);
  if (mode_ == Mode::eager) demand(operation);
  if (mode_ == Mode::random && draw(4) == 0) {
    auto any = pending_.lower_bound(operation->id - draw(static_cast<uint32_t>(std::min<size_t>(pending_.size(), 64))));
    demand(any == pending_.end() ? operation : any->second);
  }
  if (pending_.size() > most_pending || staged_ > most_staged) {
    auto half = pending_.begin();
    std::advance(half, pending_.size() / 2);
    const auto last = half->second;
    for (auto i = pending_.begin(); i != half; ++i) need(i->second);
    demand(last);
    last->awaited = true;
    done_.wait(lock, [&] { return last->done; });
  }
}

// Marks an operation and all it depends on as to be run.
void Scheduler::need(const std::shared_ptr<Operation>& operation) {
  if (operation->needed || operation->done) return;
  std::vector<std::shared_ptr<Operation>> open = {operation};
  operation->needed = true;
  while (!open.empty()) {
    const auto one = std::move(open.back());
    open.pop_back();
    if (one->waiting == 0) runnable_.push_back(one);
    for (const auto& dependency : one->dependencies) {
      if (dependency->done || dependency->needed) continue;
      dependency->needed = true;
      open.push_back(dependency);
    }
  }
}

void Scheduler::demand(const std::shared_ptr<Operation>& operation) {
  need(operation);
  work_.notify_one();
}

void Scheduler::wait(Lock& lock, const std::shared_ptr<Operation>& operation, bool told) {
  if (operation == nullptr) return;
  if (!operation->done) {
    operation->awaited = true;
    demand(operation);
    done_.wait(lock, [&] { return operation->done; });
  }
  if (told) seen(*operation);
}

void Scheduler::drain(Lock& lock, Context& context) {
  const Clock issued = context.issued;
  std::vector<std::shared_ptr<Operation>> all;
  for (const auto& [id, operation] : pending_) {
    if (operation->context == &context) all.push_back(operation);
  }
  for (const auto& operation : all) need(operation);
  for (const auto& operation : all) wait(lock, operation);
  // Those that had run before are known to have, too.
  join(host_, issued);
}

void Scheduler::nudge(Lock& lock, const std::shared_ptr<Operation>& operation) {
  // Some operation without which this one cannot run, and which itself can.
  auto one = operation;
  while (one->waiting != 0) {
    std::vector<std::shared_ptr<Operation>> open;
    for (const auto& dependency : one->dependencies) {
      if (!dependency->done) open.push_back(dependency);
    }
    one = open[draw(static_cast<uint32_t>(open.size()))];
  }
  demand(one);
  one->awaited = true;
  done_.wait(lock, [&] { return one->done; });
}

void Scheduler::seen(const Operation& operation) { join(host_, operation.clock); }

void Scheduler::finish(const std::shared_ptr<Operation>& operation) {
  operation->done = true;
  operation->finished_ns = now_ns();
  staged_ -= operation->staged;
  // A function of the host can tell the host.
  if (std::holds_alternative<HostCall>(operation->action->what)) seen(*operation);
  operation->action.reset();
  operation->overlapped.reset();
  operation->dependencies.clear();
  for (const auto& dependent : operation->dependents) {
    if (--dependent->waiting == 0 && dependent->needed) runnable_.push_back(dependent);
  }
  operation->dependents.clear();
  pending_.erase(operation->id);
  if (operation->awaited) done_.notify_all();
}

// What every operation still to run is ordered behind.
Clock Scheduler::floor() const {
  Clock least = host_;
  least.resize(ticks_.size());
  for (const auto& [id, operation] : pending_) {
    for (size_t track = 0; track < least.size(); track++) {
      least[track] = std::min(least[track], track < operation->clock.size() ? operation->clock[track] : 0);
    }
  }
  return least;
}

// A programmatic launch overlaps a launch that is all it comes behind. What the host knows to have run comes before all that it enters.
std::shared_ptr<Operation> Scheduler::overlapped(const Operation& operation, const std::vector<std::shared_ptr<Operation>>& dependencies) const {
  const auto* launch = std::get_if<KernelLaunch>(&operation.action->what);
  if (launch == nullptr || !launch->programmatic || !operation.may_overlap) return nullptr;
  std::shared_ptr<Operation> only;
  for (const auto& dependency : dependencies) {
    if (dependency == nullptr || dependency == only) continue;
    if (dependency->track < host_.size() && host_[dependency->track] >= dependency->clock[dependency->track]) continue;
    if (only != nullptr || !dependency->launch) return nullptr;
    only = dependency;
  }
  return only;
}

std::optional<Fault> Scheduler::launch_one(Lock& lock, Operation& operation) {
  auto unordered = order_.unordered_launches(operation);
  std::vector<UnorderedLaunch> prior;
  if (operation.overlapped != nullptr) {
    const Operation& before = *operation.overlapped;
    prior = before.open_early;
    prior.push_back(before.ran);
    operation.open = before.open;
    unordered.insert(unordered.end(), before.open.begin(), before.open.end());
  }
  lock.unlock();
  auto fault = perform(operation, std::move(unordered), prior);
  lock.lock();
  if (fault.has_value()) return fault;
  const auto [waited, early] = last_dependence();
  auto& open = waited ? operation.open_early : operation.open;
  if (!waited || early) open.insert(open.end(), prior.begin(), prior.end());
  operation.ran = {last_runs(), describe(operation)};
  return order_.launched(operation, last_runs());
}

std::optional<Fault> Scheduler::execute_one(Lock& lock, Operation& operation) {
  Driver& driver = Driver::get();
  auto fault = driver.prepare(operation, order_);
  if (!fault.has_value() && operation.launch) {
    fault = launch_one(lock, operation);
  } else if (!fault.has_value()) {
    lock.unlock();
    fault = perform(operation, {}, {});
    lock.lock();
  }
  if (!fault.has_value()) fault = driver.settle(operation);
  if (order_.remembered() > most_remembered_) {
    order_.forget(floor());
    most_remembered_ = std::max<size_t>(1024, 2 * order_.remembered());
  }
  return fault;
}

void Scheduler::run() {
  device_thread = true;
  Driver& driver = Driver::get();
  Lock lock(driver.lock);
  while (true) {
    work_.wait(lock, [&] { return !runnable_.empty(); });
    std::swap(runnable_[draw(static_cast<uint32_t>(runnable_.size()))], runnable_.back());
    const auto operation = std::move(runnable_.back());
    runnable_.pop_back();
    // What a poisoned context still had to do is dropped, but memory freed in stream order goes back all the same.
    if (operation->context->sticky == CUDA_SUCCESS || std::holds_alternative<Release>(operation->action->what)) {
      const auto fault = execute_one(lock, *operation);
      if (fault.has_value()) driver.poison(*operation->context, static_cast<CUresult>(fault->result), fault->message);
    }
    finish(operation);
  }
}

}  // namespace gatun::emulator::driver
