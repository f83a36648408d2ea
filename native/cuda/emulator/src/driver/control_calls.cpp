// What tests ask the emulator for.
#include <cstring>
#include <string>

#include "driver.h"
#include "graph.h"

using namespace gatun::emulator;
using namespace gatun::emulator::driver;

namespace {

Call* find(const char* name) {
  for (Call* call : Driver::calls()) {
    if (strcmp(call->name, name) == 0) return call;
  }
  return nullptr;
}

}  // namespace

const char* gatun_emulator_manifest() {
  static const auto* text = new std::string(manifest());
  return text->c_str();
}

int gatun_emulator_fail(const char* name, int nth, int result) {
  Driver& driver = Driver::get();
  const Lock lock(driver.lock);
  if (name == nullptr) {
    driver.fail_any_in = nth;
    driver.fail_any_result = result;
    return 0;
  }
  Call* call = find(name);
  if (call == nullptr) return 1;
  call->fail_in = nth;
  call->result = result;
  return 0;
}

void gatun_emulator_reset_faults() {
  Driver& driver = Driver::get();
  Lock lock(driver.lock);
  for (Call* call : Driver::calls()) call->fail_in = 0;
  driver.fail_any_in = 0;
  std::vector<std::shared_ptr<Context>> contexts;
  for (const auto& [handle, context] : driver.contexts.all()) contexts.push_back(context);
  for (const auto& context : contexts) {
    if (context->sticky != CUDA_SUCCESS) driver.scheduler.drain(lock, *context);
    context->sticky = CUDA_SUCCESS;
  }
  for (Device& device : driver.devices) {
    if (device.primary == nullptr) continue;
    device.primary->sticky = CUDA_SUCCESS;
    if (device.primary_count == 0) device.primary.reset();
  }
  driver.last_fault.clear();
  driver.fault_texts.clear();
}

long gatun_emulator_live(const char* kind) {
  Driver& driver = Driver::get();
  const Lock lock(driver.lock);
  const std::string of = kind == nullptr ? "" : kind;
  size_t count;
  if (of == "allocations") count = driver.live_blocks;
  else if (of == "bytes") count = driver.live_bytes;
  else if (of == "host_allocations") count = driver.live_host;
  else if (of == "streams") count = driver.streams.size();
  else if (of == "events") count = driver.events.size();
  else if (of == "graphs") count = driver.graphs.size();
  else if (of == "graph_execs") count = driver.executables.size();
  else if (of == "modules") count = driver.modules.size();
  else if (of == "contexts") count = driver.contexts.size();
  else if (of == "pools") count = driver.pools.size() - driver.devices.size();
  else if (of == "pending") count = driver.scheduler.pending();
  else return -1;
  return static_cast<long>(count);
}

const char* gatun_emulator_last_fault() {
  Driver& driver = Driver::get();
  const Lock lock(driver.lock);
  static thread_local std::string text;
  text = driver.last_fault;
  return text.c_str();
}

unsigned long long gatun_emulator_calls(const char* name) {
  Driver& driver = Driver::get();
  const Lock lock(driver.lock);
  unsigned long long all = 0;
  for (const Call* call : Driver::calls()) {
    if (name == nullptr || strcmp(call->name, name) == 0) all += call->count;
  }
  return all;
}

void gatun_emulator_seed(unsigned seed) {
  Driver& driver = Driver::get();
  const Lock lock(driver.lock);
  driver.scheduler.seed(seed);
  seed_choices(seed);
}

void gatun_emulator_observe_ordering(int on) { observe_ordering(on != 0); }

const char* gatun_emulator_ordering_places() {
  static thread_local std::string text;
  text.clear();
  for (const OrderingPlace& place : ordering_places()) text += place.what + "\t" + place.file + "\t" + std::to_string(place.line) + "\n";
  return text.c_str();
}

void gatun_emulator_leave_out(const char* file, int line) { leave_out(file, line); }

const char* gatun_emulator_function_names() {
  static const auto* names = [] {
    auto* text = new std::string();
    for (const Call* call : Driver::calls()) *text += std::string(call->name) + "\n";
    return text;
  }();
  return names->c_str();
}
