// What the emulated device has, by compute capability; facts of the CUDA C++ Programming Guide's table of technical specifications.
#pragma once

#include <cstddef>

namespace gatun::emulator::driver::limits {

constexpr int multiprocessors = 4;
constexpr int threads_per_block = 1024;
constexpr int blocks_per_multiprocessor = 16;
constexpr int default_shared = 48 << 10;
constexpr unsigned portable_cluster = 8, largest_cluster = 16;

inline int threads_per_multiprocessor(int architecture) { return architecture < 80 ? 1024 : 2048; }
inline size_t shared_per_multiprocessor(int architecture) { return size_t(architecture >= 90 ? 228 : architecture >= 80 ? 164 : 64) << 10; }
inline size_t opt_in_shared(int architecture) { return size_t(architecture >= 90 ? 227 : architecture >= 80 ? 163 : 64) << 10; }

}  // namespace gatun::emulator::driver::limits
