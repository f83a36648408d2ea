// What the tests share: finding and launching a kernel, and saying what failed.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "gatun/emulator/machine.h"
#include "memory.h"

namespace gatun::emulator::test {

inline int failures = 0;
inline int cases = 0;

inline void expect(bool truth, const std::string& what) {
  cases++;
  if (!truth) {
    failures++;
    std::printf("FAILED %s\n", what.c_str());
  }
}

inline const KernelEntry* kernel(const char* symbol) {
  for (const KernelEntry* entry : kernels()) {
    if (std::strcmp(entry->symbol, symbol) == 0) {
      return entry;
    }
  }
  std::printf("FAILED no kernel %s\n", symbol);
  std::exit(1);
}

template <class Params>
std::optional<Fault> launch(const char* symbol, Dim3 grid, unsigned threads, const Params& params, size_t dynamic_shared = 0) {
  LaunchSpec spec;
  spec.kernel = kernel(symbol);
  spec.grid = grid;
  spec.block = Dim3{threads, 1, 1};
  spec.dynamic_shared = dynamic_shared;
  spec.params.resize(sizeof(Params));
  std::memcpy(spec.params.data(), &params, sizeof(Params));
  return execute(spec);
}

inline void expect_clean(const std::optional<Fault>& fault, const std::string& what) { expect(!fault, what + ": " + (fault ? fault->message : "")); }

}  // namespace gatun::emulator::test
