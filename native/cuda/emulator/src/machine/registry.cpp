// The kernels and tiles of the linked units, and the manifest that tells of them.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "gatun/dtypes.h"
#include "gatun/emulator/machine.h"

namespace gatun::emulator {

namespace {

// Made by the first entry: units are initialised in any order.
std::vector<const KernelEntry*>& kernel_list() {
  static auto* const list = new std::vector<const KernelEntry*>();
  return *list;
}

std::vector<const TileEntry*>& tile_list() {
  static auto* const list = new std::vector<const TileEntry*>();
  return *list;
}

}  // namespace

KernelEntry::KernelEntry(const char* symbol, const char* unit, size_t params_size, size_t params_align, unsigned threads, std::vector<Field> fields,
                         void (*body)(const void* params))
    : symbol(symbol), unit(unit), params_size(params_size), params_align(params_align), threads(threads), fields(std::move(fields)), body(body) {
  auto& list = kernel_list();
  const auto at = std::lower_bound(list.begin(), list.end(), symbol, [](const KernelEntry* e, const char* s) { return std::strcmp(e->symbol, s) < 0; });
  list.insert(at, this);
}

TileEntry::TileEntry(const char* symbol, const char* key, long value) : symbol(symbol), key(key), value(value) { tile_list().push_back(this); }

const std::vector<const KernelEntry*>& kernels() { return kernel_list(); }
const std::vector<const TileEntry*>& tiles() { return tile_list(); }

std::string manifest() {
  std::string text = "gatun-cuda-manifest\t1\n";
  std::vector<std::string> lines;
  for (const KernelEntry* kernel : kernels()) {
    lines.push_back(std::string("unit\t") + kernel->unit + "\t" + kernel->unit + ".emulated\n");
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  for (const std::string& line : lines) {
    text += line;
  }
  for (const KernelEntry* kernel : kernels()) {
    text += std::string("kernel\t") + kernel->unit + "\t" + kernel->symbol + "\tthreads=" + std::to_string(kernel->threads) +
            "\tparams=" + std::to_string(kernel->params_size) + "\n";
    for (const Field& field : kernel->fields) {
      text += std::string("field\t") + kernel->symbol + "\t" + field.name + "\t" + field.kind + "\t" + std::to_string(field.offset) + "\t" +
              std::to_string(field.size) + "\n";
    }
    lines.clear();
    for (const TileEntry* tile : tiles()) {
      if (std::strcmp(tile->symbol, kernel->symbol) == 0) {
        lines.push_back(std::string("tile\t") + tile->symbol + "\t" + tile->key + "\t" + std::to_string(tile->value) + "\n");
      }
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) {
      text += line;
    }
  }
#define GATUN_DTYPE_RECORD(NAME) text += std::string("dtype\t" #NAME "\t") + std::to_string(static_cast<int>(gatun::NAME)) + "\n";
  GATUN_DTYPES(GATUN_DTYPE_RECORD)
#undef GATUN_DTYPE_RECORD
  return text;
}

}  // namespace gatun::emulator
