#include "order.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "arena.h"

namespace gatun::emulator::driver {

namespace {

constexpr size_t most_of_a_track = 100000;

uint64_t counted(const Clock& clock, size_t track) { return track < clock.size() ? clock[track] : 0; }

// Visits what is remembered of each track and not ordered before the operation, until a visit gives something.
template <class Remembered, class Visit>
auto visit_unordered(const Operation& operation, size_t tracks, const Remembered& remembered, const Visit& visit) -> decltype(visit(*remembered(0).begin())) {
  for (size_t track = 0; track < tracks; track++) {
    if (track == operation.track) continue;
    const uint64_t known = counted(operation.clock, track);
    const auto& list = remembered(track);
    for (auto one = list.rbegin(); one != list.rend() && one->tick > known; ++one) {
      if (auto found = visit(*one)) return found;
    }
  }
  return {};
}

Fault conflict(const Operation& operation, const char* did, uintptr_t address, const std::string& other, const char* other_did) {
  const Allocation* allocation = find_allocation(address);
  char where[96];
  snprintf(where, sizeof where, "0x%" PRIxPTR " (allocation %" PRIu64 " + %zu)", address, allocation == nullptr ? 0 : allocation->id,
           allocation == nullptr ? 0 : static_cast<size_t>(address - allocation->base));
  return Fault{CUDA_ERROR_LAUNCH_FAILED, "missing stream order: " + describe(operation) + " " + did + " " + where + ", which " + other + " " + other_did +
                                             ", and no event or synchronisation orders the two"};
}

}  // namespace

std::string describe(const Operation& operation) {
  return std::string(operation.action->name()) + " (operation " + std::to_string(operation.id) + ", stream " + std::to_string(operation.stream) + ")";
}

std::vector<UnorderedLaunch> Order::unordered_launches(const Operation& operation) const {
  std::vector<UnorderedLaunch> all;
  visit_unordered(operation, tracks_.size(), [&](size_t track) -> const auto& { return tracks_[track].launches; },
                  [&](const Launched& launch) {
                    all.push_back({launch.runs, launch.name});
                    return false;
                  });
  return all;
}

std::optional<Fault> Order::launched(const Operation& operation, Runs runs) {
  auto fault = visit_unordered(
      operation, tracks_.size(), [&](size_t track) -> const auto& { return tracks_[track].transfers; },
      [&](const Transferred& transfer) -> std::optional<Fault> {
        const Allocation* allocation = find_allocation(transfer.begin);
        if (allocation == nullptr || allocation->id != transfer.allocation) return std::nullopt;
        const uintptr_t at = first_touched(transfer.begin, transfer.end, runs, !transfer.write);
        if (at == 0) return std::nullopt;
        return conflict(operation, transfer.write ? "touches" : "writes", at, transfer.name, transfer.write ? "wrote" : "read");
      });
  if (tracks_.size() <= operation.track) tracks_.resize(operation.track + 1);
  tracks_[operation.track].launches.push_back({operation.clock[operation.track], runs, describe(operation)});
  remembered_++;
  return fault;
}

std::optional<Fault> Order::transfers(const Operation& operation, const Place& place, size_t bytes, bool write) {
  const uintptr_t begin = place.address, end = place.address + bytes;
  const Allocation* allocation = find_allocation(begin);
  if (allocation == nullptr || allocation->id != place.id) return std::nullopt;
  auto fault = visit_unordered(
      operation, tracks_.size(), [&](size_t track) -> const auto& { return tracks_[track].transfers; },
      [&](const Transferred& other) -> std::optional<Fault> {
        if (other.allocation != place.id || !(write || other.write) || other.end <= begin || other.begin >= end) return std::nullopt;
        return conflict(operation, write ? "writes" : "reads", std::max(begin, other.begin), other.name, other.write ? "wrote" : "read");
      });
  if (!fault) {
    fault = visit_unordered(
        operation, tracks_.size(), [&](size_t track) -> const auto& { return tracks_[track].launches; },
        [&](const Launched& launch) -> std::optional<Fault> {
          if (launch.runs.begin < allocation->first_run) return std::nullopt;
          const uintptr_t at = first_touched(begin, end, launch.runs, !write);
          if (at == 0) return std::nullopt;
          return conflict(operation, write ? "writes" : "reads", at, launch.name, write ? "touched" : "wrote");
        });
  }
  if (tracks_.size() <= operation.track) tracks_.resize(operation.track + 1);
  tracks_[operation.track].transfers.push_back({operation.clock[operation.track], begin, end, place.id, write, describe(operation)});
  remembered_++;
  return fault;
}

void Order::forget(const Clock& floor) {
  remembered_ = 0;
  for (size_t track = 0; track < tracks_.size(); track++) {
    const uint64_t known = counted(floor, track);
    auto& [launches, transfers] = tracks_[track];
    while (!launches.empty() && launches.front().tick <= known) launches.pop_front();
    while (!transfers.empty() && transfers.front().tick <= known) transfers.pop_front();
    // A host that never waits is not remembered for ever.
    while (launches.size() > most_of_a_track) launches.pop_front();
    while (transfers.size() > most_of_a_track) transfers.pop_front();
    remembered_ += launches.size() + transfers.size();
  }
}

}  // namespace gatun::emulator::driver
