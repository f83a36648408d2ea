#include "publication.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace gatun::emulator {

struct Published {
  uint32_t run;
  uint32_t up_to[32];
  std::vector<Seen> seen;
};

struct PublicationLog {
  uintptr_t address;
  std::vector<Published> entries;
  std::unordered_map<uint32_t, std::vector<size_t>> of_run;
};

namespace {

std::mutex mutex;
std::unordered_map<uintptr_t, std::unique_ptr<PublicationLog>>& logs() {
  static auto* const all = new std::unordered_map<uintptr_t, std::unique_ptr<PublicationLog>>();
  return *all;
}

bool covers_up_to(const PublicationLog& log, size_t entries, uint32_t run, unsigned warp, uint32_t clock, int depth) {
  const auto found = log.of_run.find(run);
  if (found != log.of_run.end()) {
    for (const size_t i : found->second) {
      if (i < entries && log.entries[i].up_to[warp] >= clock) {
        return true;
      }
    }
  }
  if (depth == 0) {
    return false;
  }
  for (size_t i = 0; i < entries; i++) {
    for (const Seen& before : log.entries[i].seen) {
      if (before.log != &log && covers_up_to(*before.log, before.entries, run, warp, clock, depth - 1)) {
        return true;
      }
    }
  }
  return false;
}

bool knows(const Clock& clock, unsigned warp, const Seen& seen) { return seen.warp == warp || clock.seen[seen.warp] >= seen.clock; }

}  // namespace

void forget_publications() {
  const std::lock_guard lock(mutex);
  logs().clear();
}

void Publications::reset() {
  fenced_ = false;
  std::memset(fence_, 0, sizeof(fence_));
  seen_.clear();
}

void Publications::fence(unsigned warp, const Clock& clock) {
  fenced_ = true;
  fence_[warp] = clock.now;
}

void Publications::at_atomic(uint32_t run, unsigned warp, const Clock& clock, uintptr_t address) {
  const std::lock_guard lock(mutex);
  auto found = logs().find(address);
  if (found == logs().end()) {
    if (!fenced_) {
      return;
    }
    found = logs().emplace(address, std::make_unique<PublicationLog>()).first;
    found->second->address = address;
  }
  PublicationLog& log = *found->second;
  if (fenced_) {
    Published published;
    published.run = run;
    for (unsigned i = 0; i < 32; i++) {
      // What another warp fenced, and this one has met since, is published; what it did after its fence is not.
      published.up_to[i] = i == warp ? fence_[i] : std::min(fence_[i], clock.seen[i]);
    }
    for (const Seen& seen : seen_) {
      if (knows(clock, warp, seen)) {
        published.seen.push_back(seen);
      }
    }
    log.of_run[run].push_back(log.entries.size());
    log.entries.push_back(std::move(published));
  }
  for (Seen& seen : seen_) {
    if (seen.log == &log && seen.warp == warp && seen.clock == clock.now) {
      seen.entries = log.entries.size();
      return;
    }
  }
  seen_.push_back(Seen{&log, log.entries.size(), warp, clock.now});
}

bool Publications::covers(const Clock& clock, unsigned warp, Stamp earlier) const {
  if (seen_.empty()) {
    return false;
  }
  const std::lock_guard lock(mutex);
  for (const Seen& seen : seen_) {
    if (knows(clock, warp, seen) && covers_up_to(*seen.log, seen.entries, run_of(earlier), thread_of(earlier) / 32, clock_of(earlier), 8)) {
      return true;
    }
  }
  return false;
}

bool Publications::took_part(uintptr_t address) const {
  const std::lock_guard lock(mutex);
  return std::any_of(seen_.begin(), seen_.end(), [address](const Seen& seen) { return seen.log->address == address; });
}

}  // namespace gatun::emulator
