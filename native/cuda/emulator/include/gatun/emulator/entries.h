// What a unit of kernels tells the emulator of itself. Units include this header and not machine.h, so that a change of the latter compiles no kernel anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gatun::emulator {

// A field of a kernel's parameters. Kinds: ptr, i32, u32, i64, f32, f64, rows, tensor_map, dtype.
struct Field {
  const char* name;
  const char* kind;
  size_t offset;
  size_t size;
};

// A kernel of a linked unit. Its constructor enters it into kernels().
struct KernelEntry {
  KernelEntry(const char* symbol, const char* unit, size_t params_size, size_t params_align, unsigned threads, std::vector<Field> fields,
              void (*body)(const void* params));
  const char* symbol;
  const char* unit;
  size_t params_size;
  size_t params_align;
  unsigned threads;
  std::vector<Field> fields;
  void (*body)(const void* params);
};

// A number of a kernel that the host must know. Its constructor enters it into tiles().
struct TileEntry {
  TileEntry(const char* symbol, const char* key, long value);
  const char* symbol;
  const char* key;
  long value;
};

}  // namespace gatun::emulator
