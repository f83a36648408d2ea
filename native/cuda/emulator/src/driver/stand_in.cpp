// Stands in for the machine where it is not linked: there are no kernels and a launch does nothing.
#include "gatun/emulator/machine.h"

namespace gatun::emulator {

__attribute__((weak)) KernelEntry::KernelEntry(const char* symbol, const char* unit, size_t params_size, size_t params_align, unsigned threads,
                                               std::vector<Field> fields, void (*body)(const void* params))
    : symbol(symbol), unit(unit), params_size(params_size), params_align(params_align), threads(threads), fields(std::move(fields)), body(body) {
  const_cast<std::vector<const KernelEntry*>&>(kernels()).push_back(this);
}

__attribute__((weak)) const std::vector<const KernelEntry*>& kernels() {
  static auto* kernels = new std::vector<const KernelEntry*>();
  return *kernels;
}

__attribute__((weak)) std::string manifest() { return "gatun-cuda-manifest\t1\n"; }

__attribute__((weak)) std::optional<Fault> execute(const LaunchSpec&) { return std::nullopt; }

}  // namespace gatun::emulator
