#include "ordering.h"

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "gatun/emulator/machine.h"

namespace gatun::emulator {

std::atomic<bool> ordering_tampered{false};

namespace {

struct Ordering {
  std::mutex mutex;
  bool observed = false;
  std::map<std::pair<std::string, int>, std::string> places;
  std::string left_out;
  int left_out_line = 0;

  void settle() const { ordering_tampered = observed || !left_out.empty(); }
};

Ordering& ordering() {
  static auto* const all = new Ordering();
  return *all;
}

}  // namespace

bool pass_by_slowly(const char* what, const char* file, int line) {
  const char* const slash = std::strrchr(file, '/');
  const char* const name = slash == nullptr ? file : slash + 1;
  Ordering& all = ordering();
  const std::lock_guard lock(all.mutex);
  if (all.observed) {
    all.places[{name, line}] = what;
  }
  return all.left_out_line == line && all.left_out == name;
}

void observe_ordering(bool on) {
  Ordering& all = ordering();
  const std::lock_guard lock(all.mutex);
  if (on) {
    all.places.clear();
  }
  all.observed = on;
  all.settle();
}

std::vector<OrderingPlace> ordering_places() {
  Ordering& all = ordering();
  const std::lock_guard lock(all.mutex);
  std::vector<OrderingPlace> places;
  for (const auto& [at, what] : all.places) {
    places.push_back(OrderingPlace{what, at.first, at.second});
  }
  return places;
}

void leave_out(const char* file, int line) {
  Ordering& all = ordering();
  const std::lock_guard lock(all.mutex);
  all.left_out = file == nullptr ? "" : file;
  all.left_out_line = line;
  all.settle();
}

}  // namespace gatun::emulator
