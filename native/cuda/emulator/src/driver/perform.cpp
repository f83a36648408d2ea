// What operations do when they run.
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "driver.h"

namespace gatun::emulator::driver {

namespace {

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

// Bytes from the first of a place to its last, gaps between rows included.
size_t extent(const Place& place, size_t bytes, size_t rows) { return rows <= 1 ? bytes * rows : place.pitch * (rows - 1) + bytes; }

std::optional<Fault> check_place(const Operation& operation, Order& order, const Place& place, bool write, size_t bytes, size_t rows) {
  if (place.block == nullptr || bytes == 0 || rows == 0) return std::nullopt;
  if (place.block->id != place.id || !place.block->live) {
    return Fault{CUDA_ERROR_ILLEGAL_ADDRESS,
                 format("%s %s %zu bytes at 0x%" PRIxPTR " of allocation %" PRIu64 ", which where the stream stands is freed or not yet allocated",
                        describe(operation).c_str(), write ? "writes" : "reads", extent(place, bytes, rows), place.address, place.id)};
  }
  if (rows == 1 || place.pitch == bytes) return order.transfers(operation, place, bytes * rows, write);
  Place row = place;
  for (size_t i = 0; i < rows; i++, row.address += place.pitch) {
    if (auto fault = order.transfers(operation, row, bytes, write)) return fault;
  }
  return std::nullopt;
}

Place whole(Block& block) {
  Place place;
  place.address = block.base;
  place.pitch = block.bytes;
  place.block = &block;
  place.id = block.id;
  return place;
}

struct Perform {
  std::vector<UnorderedLaunch>& unordered;
  std::vector<UnorderedLaunch>& prior;

  std::optional<Fault> operator()(const KernelLaunch& launch) const {
    if (launch.capability != 0) {
      return Fault{CUDA_ERROR_ILLEGAL_INSTRUCTION, format("%s runs on compute capability %d.%d and up; this device has %d.%d (GATUN_EMULATOR_ARCH)",
                                                          launch.spec.kernel->symbol, launch.capability / 10, launch.capability % 10,
                                                          Driver::get().architecture / 10, Driver::get().architecture % 10)};
    }
    if (unordered.empty() && prior.empty()) return execute(launch.spec);
    LaunchSpec spec = launch.spec;
    spec.unordered = std::move(unordered);
    spec.prior = std::move(prior);
    return execute(spec);
  }
  std::optional<Fault> operator()(const Copy& copy) const {
    const char* from = copy.staged != nullptr ? reinterpret_cast<const char*>(copy.staged.get()) : reinterpret_cast<const char*>(copy.from.address);
    char* to = reinterpret_cast<char*>(copy.to.address);
    const size_t from_pitch = copy.staged != nullptr ? copy.bytes : copy.from.pitch;
    for (size_t row = 0; row < copy.rows; row++) memmove(to + row * copy.to.pitch, from + row * from_pitch, copy.bytes);
    return std::nullopt;
  }
  std::optional<Fault> operator()(const Fill& fill) const {
    for (size_t row = 0; row < fill.rows; row++) {
      char* to = reinterpret_cast<char*>(fill.to.address + row * fill.to.pitch);
      if (fill.value_bytes == 1) {
        memset(to, static_cast<int>(fill.value), fill.bytes);
      } else {
        for (size_t i = 0; i < fill.bytes; i += fill.value_bytes) memcpy(to + i, &fill.value, fill.value_bytes);
      }
    }
    return std::nullopt;
  }
  std::optional<Fault> operator()(const HostCall& call) const {
    call.function(call.data);
    return std::nullopt;
  }
  std::optional<Fault> operator()(const Record&) const { return std::nullopt; }
  std::optional<Fault> operator()(const Wait&) const { return std::nullopt; }
  std::optional<Fault> operator()(const Reach&) const { return std::nullopt; }
  std::optional<Fault> operator()(const Release&) const { return std::nullopt; }
  std::optional<Fault> operator()(const Nothing&) const { return std::nullopt; }
  std::optional<Fault> operator()(const Child&) const { return std::nullopt; }
};

}  // namespace

const char* Action::name() const {
  if (const auto* launch = std::get_if<KernelLaunch>(&what)) return launch->spec.kernel->symbol;
  static const char* const names[] = {"nothing",       "kernel", "a copy", "a memset", "a host function", "an event's record", "a wait for an event", "an allocation",
                                      "a free", "a graph"};
  return names[what.index()];
}

std::optional<Fault> perform(const Operation& operation, std::vector<UnorderedLaunch> unordered, std::vector<UnorderedLaunch> prior) {
  return std::visit(Perform{unordered, prior}, operation.action->what);
}

std::optional<Fault> Driver::prepare(const Operation& operation, Order& order) {
  if (const auto* copy = std::get_if<Copy>(&operation.action->what)) {
    if (copy->staged == nullptr) {
      if (auto fault = check_place(operation, order, copy->from, false, copy->bytes, copy->rows)) return fault;
    }
    return check_place(operation, order, copy->to, true, copy->bytes, copy->rows);
  }
  if (const auto* fill = std::get_if<Fill>(&operation.action->what)) return check_place(operation, order, fill->to, true, fill->bytes, fill->rows);
  // To other streams, an allocation and a free in stream order are writes of the whole block.
  if (const auto* reach = std::get_if<Reach>(&operation.action->what)) {
    if (reach->block->id != reach->id) return std::nullopt;
    reach->block->live = true;
    return order.transfers(operation, whole(*reach->block), reach->block->bytes, true);
  }
  if (const auto* released = std::get_if<Release>(&operation.action->what)) {
    if (released->block->id == released->id) return order.transfers(operation, whole(*released->block), released->block->bytes, true);
  }
  return std::nullopt;
}

std::optional<Fault> Driver::settle(const Operation& operation) {
  if (const auto* released = std::get_if<Release>(&operation.action->what)) {
    if (released->block->id == released->id) release(released->block);
  }
  return std::nullopt;
}

}  // namespace gatun::emulator::driver
