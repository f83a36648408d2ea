// Products of warpgroups. One reads shared memory and adds to its sums when a wait covers it; until then the sums' arrays hold a NaN of their own, so that who reads
// one too early has no number, and who writes one is found.
#include <algorithm>
#include <cstring>

#include "access.h"
#include "engine.h"
#include "ordering.h"
#include "schedule.h"
#include "tensor_core.h"

namespace gatun::emulator {

namespace {

constexpr uint32_t kUnderWay = 0x7FB0ADED;
constexpr int kRows = 64;

size_t own_sums(int n) { return static_cast<size_t>(n) / 2; }

const char* product_name(MatrixElement element) {
  return element == MatrixElement::kBf16 ? "wgmma_bf16" : element == MatrixElement::kF16 ? "wgmma_f16" : "wgmma_e4m3";
}

double value_of(MatrixElement element, uint32_t bits) {
  return element == MatrixElement::kBf16 ? brain_value(bits) : element == MatrixElement::kF16 ? half_value(bits) : e4m3_value(bits);
}

int element_bytes(MatrixElement element) { return element == MatrixElement::kE4m3 ? 1 : 2; }

uint64_t hash_of(const float* d, size_t count) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    std::memcpy(&bits, d + i, 4);
    hash = (hash ^ bits) * 0x100000001B3ull;
  }
  return hash;
}

bool untouched(const float* d, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    std::memcpy(&bits, d + i, 4);
    if (bits != kUnderWay) {
      return false;
    }
  }
  return true;
}

// A tile as its descriptor says (PTX ISA, "Asynchronous Warpgroup Level Matrix Shared Memory Layout"; the canonical layouts are those in the comments of CUTLASS,
// cute/atom/mma_traits_sm90_gmma.hpp). It is made of chunks of 16 bytes.
struct Tile {
  uintptr_t start;
  uintptr_t leading, stride;
  unsigned swizzle;  // in chunks: 1, 2, 4 or 8 of them are one row of the pattern
  bool transposed;

  // Chunk `along` of a row along K (K-major), or of column `row` of K along M or N (transposed).
  uintptr_t chunk(int row, int along) const {
    const auto r = static_cast<uintptr_t>(row);
    const auto c = static_cast<uintptr_t>(along);
    uintptr_t address;
    if (swizzle == 1) {
      address = transposed ? c * stride + r % 8 * 16 + r / 8 * leading : r % 8 * 16 + r / 8 * stride + c * leading;
    } else if (transposed) {
      address = c % swizzle * 16 + c / swizzle * leading + r % 8 * swizzle * 16 + r / 8 * stride;
    } else {
      address = c * 16 + r % 8 * swizzle * 16 + r / 8 * stride;
    }
    address += start;
    return address ^ (address >> 7 & (swizzle - 1)) << 4;
  }
};

Tile tile_of(Worker& worker, uint64_t descriptor, bool transposed, const std::string& what) {
  static const unsigned widths[] = {1, 8, 4, 2};
  const unsigned swizzle = widths[descriptor >> 62];
  const Tile tile{(descriptor & 0x3FFF) << 4, (descriptor >> 16 & 0x3FFF) << 4, (descriptor >> 32 & 0x3FFF) << 4, swizzle, transposed};
  if ((descriptor & 0x3FFFC000C000C000ull) != 0) {
    fail(worker, kLaunchFailed, what + " with a descriptor that matrix_descriptor did not make: it sets bits that are not used, or a base offset");
  }
  if ((tile.start >> 7 & (swizzle - 1)) != 0) {
    fail(worker, kMisalignedAddress, what + " with a tile at offset " + std::to_string(tile.start) + " of shared memory; with a swizzle of " +
                                         std::to_string(16 * swizzle) + " bytes it begins at a multiple of " + std::to_string(128 * swizzle) +
                                         ", and a step along K leads at most to the end of a row");
  }
  return tile;
}

// Calls `visit` with row (or column of K), index of the chunk and address of each chunk of a tile of `rows` of M or N by 32 bytes of K.
template <class Visit>
void each_chunk(const Tile& tile, int rows, Visit visit) {
  const int outer = tile.transposed ? 16 : rows;
  const int inner = tile.transposed ? rows / 8 : 2;
  for (int r = 0; r < outer; r++) {
    for (int c = 0; c < inner; c++) {
      visit(r, c, tile.chunk(r, c));
    }
  }
}

// The values of a tile, by K and then by M or N.
void read_tile(const Worker& worker, const Tile& tile, int rows, MatrixElement element, std::vector<double>& values) {
  const int bytes = element_bytes(element);
  const int per_chunk = 16 / bytes;
  values.resize(static_cast<size_t>(rows) * static_cast<size_t>(32 / bytes));
  each_chunk(tile, rows, [&](int r, int c, uintptr_t address) {
    unsigned char chunk[16];
    std::memcpy(chunk, worker.shared + address, 16);
    for (int i = 0; i < per_chunk; i++) {
      const uint32_t bits = bytes == 1 ? chunk[i] : static_cast<uint32_t>(chunk[2 * i] | chunk[2 * i + 1] << 8);
      const int along = c * per_chunk + i;
      values[static_cast<size_t>(tile.transposed ? r * rows + along : along * rows + r)] = value_of(element, bits);
    }
  });
}

unsigned group_of(const Worker& worker) { return worker.thread->index / kWarpgroup; }

void check_tiles(Worker& worker, const Product& product, uint64_t number, bool again) {
  const std::string what = at(product_name(product.what.element), product.place);
  const EngineRead read{what + " reads", make_stamp(run_of(worker.stamp), static_cast<uint32_t>(std::min<uint64_t>(number, kLastClock)),
                                                    engine_thread(tensor_cores(group_of(worker)))),
                        product.known.seen, product.known.own.data(), again};
  const auto check = [&](uint64_t descriptor, bool transposed, int rows) {
    each_chunk(tile_of(worker, descriptor, transposed, what), rows, [&](int, int, uintptr_t address) {
      if (checked != nullptr) {
        check_engine_read(worker, read, worker.shared_low + address, 16);
      } else if (address + 16 > worker.shared_span) {
        fail(worker, kIllegalAddress, what + " of an address outside shared memory");
      }
    });
  };
  if (product.what.registers == nullptr) {
    check(product.what.a, product.what.a_transposed, kRows);
  }
  check(product.what.b, product.what.b_transposed, product.what.n);
}

// What all four warps knew: the least of what each did.
void note_known(Worker& worker, Product& product) {
  const unsigned warp = worker.thread->index / kLanes;
  if ((product.warps >> warp % 4 & 1) != 0) {
    return;
  }
  const Clock& clock = worker.warp->clock;
  const std::vector<uint32_t>& own = worker.engine->own[warp];
  if (product.warps == 0) {
    std::memcpy(product.known.seen, clock.seen, sizeof(product.known.seen));
    product.known.own = own;
  } else {
    for (unsigned i = 0; i < kWarps; i++) {
      product.known.seen[i] = std::min(product.known.seen[i], clock.seen[i]);
    }
    for (size_t i = 0; i < own.size(); i++) {
      product.known.own[i] = std::min(product.known.own[i], own[i]);
    }
  }
  product.warps |= 1u << warp % 4;
}

[[noreturn]] void fail_diverging(Worker& worker, const Product& product, const std::string& what, const std::string& how) {
  fail(worker, kLaunchFailed, "warps of a warpgroup diverge: " + what + ", where another thread of warps " + std::to_string(group_of(worker) * 4) + "-" +
                                  std::to_string(group_of(worker) * 4 + 3) + " is at " + at(product_name(product.what.element), product.place) + how);
}

// The running thread's array joins the product's sums.
void join_sums(Worker& worker, Product& product, float* d, uint64_t number, const std::string& what, bool first) {
  EngineThread& mine = worker.engine->threads[worker.thread->index];
  const int n = product.what.n;
  for (Held& held : mine.held) {
    if (d < held.d + own_sums(held.sums->n) && held.d < d + own_sums(n)) {
      if (held.d != d || held.sums->n != n) {
        fail(worker, kLaunchFailed, what + " adds to sums that overlap those of " + at(held.name, held.place) + " under way");
      }
      if (!untouched(d, own_sums(n))) {
        fail(worker, kLaunchFailed, what + ": its sums were changed since " + at(held.name, held.place) + " that no wgmma_wait has covered");
      }
      if (first) {
        product.sums = held.sums;
      } else if (product.sums != held.sums) {
        fail_diverging(worker, product, what, " with other sums");
      }
      held.last = number;
      held.name = product_name(product.what.element);
      held.place = product.place;
      return;
    }
  }
  if (first) {
    product.sums = std::make_shared<Sums>();
    product.sums->n = n;
    product.sums->values.resize(kWarpgroup * own_sums(n));
  } else if (product.sums->holders == kWarpgroup) {
    fail_diverging(worker, product, what, " with other sums");
  }
  product.sums->holders++;
  for (const Left& left : mine.left) {
    if (left.d == d && product.what.add && !mine.fenced && left.hash != hash_of(d, own_sums(n))) {
      fail(worker, kLaunchFailed, what + " adds to sums that the program changed, and no wgmma_fence lies between");
    }
  }
  std::memcpy(product.sums->values.data() + worker.thread->index % kWarpgroup * own_sums(n), d, own_sums(n) * sizeof(float));
  for (size_t i = 0; i < own_sums(n); i++) {
    std::memcpy(d + i, &kUnderWay, 4);
  }
  mine.held.push_back(Held{d, product.sums, number, product_name(product.what.element), product.place});
}

void perform(Worker& worker, const Product& product, uint64_t number) {
  check_tiles(worker, product, number, true);
  const WarpgroupProduct& what = product.what;
  const int n = what.n;
  const int bytes = element_bytes(what.element);
  const int depth = 32 / bytes;
  static thread_local std::vector<double> a, b, sums;
  if (what.registers == nullptr) {
    read_tile(worker, tile_of(worker, what.a, what.a_transposed, ""), kRows, what.element, a);
  } else {
    a.resize(static_cast<size_t>(kRows * depth));
    const int per_register = 4 / bytes;
    for (int t = 0; t < static_cast<int>(kWarpgroup); t++) {
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < per_register; j++) {
          const int row = t / 32 * 16 + t % 32 / 4 + 8 * (i % 2);
          const int k = per_register * (t % 4 + 4 * (i / 2)) + j;
          const uint32_t bits = product.registers[t][i] >> (8 * bytes * j) & (bytes == 1 ? 0xFFu : 0xFFFFu);
          a[static_cast<size_t>(k * kRows + row)] = value_of(what.element, bits);
        }
      }
    }
  }
  read_tile(worker, tile_of(worker, what.b, what.b_transposed, ""), n, what.element, b);
  sums.assign(static_cast<size_t>(kRows * n), 0);
  for (int row = 0; row < kRows; row++) {
    double* const of_row = sums.data() + row * n;
    for (int k = 0; k < depth; k++) {
      const double left = a[static_cast<size_t>(k * kRows + row)];
      const double* const right = b.data() + k * n;
      for (int column = 0; column < n; column++) {
        of_row[column] += left * right[column];
      }
    }
  }
  for (int t = 0; t < static_cast<int>(kWarpgroup); t++) {
    float* const d = product.sums->values.data() + static_cast<size_t>(t) * own_sums(n);
    for (int i = 0; i < n / 2; i++) {
      const int row = 16 * (t / 32) + t % 32 / 4 + 8 * (i / 2 % 2);
      const int column = 8 * (i / 4) + 2 * (t % 4) + i % 2;
      const double sum = sums[static_cast<size_t>(row * n + column)];
      d[i] = static_cast<float>(what.add ? sum + static_cast<double>(d[i]) : sum);
    }
  }
}

// Gives the running thread the sums of all products up to this one.
void deliver(Worker& worker, uint64_t up_to) {
  EngineThread& mine = worker.engine->threads[worker.thread->index];
  for (size_t i = 0; i < mine.held.size();) {
    const Held held = mine.held[i];
    const size_t count = own_sums(held.sums->n);
    if (held.last > up_to) {
      i++;
      continue;
    }
    if (!untouched(held.d, count)) {
      fail(worker, kLaunchFailed, "the sums of " + at(held.name, held.place) + " were changed while it was under way");
    }
    std::memcpy(held.d, held.sums->values.data() + worker.thread->index % kWarpgroup * count, count * sizeof(float));
    mine.left.erase(std::remove_if(mine.left.begin(), mine.left.end(), [&](const Left& left) { return left.d == held.d; }), mine.left.end());
    mine.left.push_back(Left{held.d, hash_of(held.d, count)});
    mine.held.erase(mine.held.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

uint64_t matrix_address(const void* shared) {
  Worker& worker = *current;
  const auto address = reinterpret_cast<uintptr_t>(shared);
  if (!in_shared(worker, address) || address % 16 != 0) {
    fail(worker, kMisalignedAddress, "matrix_descriptor of " + describe_address(worker, address) + "; tiles lie in shared memory at a multiple of 16");
  }
  return address - worker.shared_low;
}

void warpgroup_multiply(const WarpgroupProduct& what, const char* file, int line) {
  Worker& worker = *current;
  const Place place{file, line};
  const char* const name = product_name(what.element);
  Engine& engine = engine_of(worker, name, place);
  EngineThread& mine = engine.threads[worker.thread->index];
  Warpgroup& group = engine.warpgroups[group_of(worker)];
  const std::string text = at(name, place);
  if (!mine.ever_fenced || (what.registers != nullptr && !mine.fenced)) {
    fail(worker, kLaunchFailed, text + " without a wgmma_fence " + (mine.ever_fenced ? "since the last wgmma_wait, with a in registers" : "before it"));
  }
  if (worker.threads_in_block < (group_of(worker) + 1) * kWarpgroup) {
    fail(worker, kLaunchFailed, text + " by warp " + std::to_string(worker.thread->index / kLanes) + ", but the block of " +
                                    std::to_string(worker.threads_in_block) + " threads has no four warps there that begin at a multiple of 4");
  }
  const uint64_t index = mine.issued++ - group.performed;
  const bool first = index == group.products.size();
  if (first) {
    Product made{};
    made.what = what;
    made.place = place;
    made.group = mine.open_group;
    group.products.push_back(std::move(made));
  }
  Product& product = group.products[index];
  const WarpgroupProduct& other = product.what;
  if (other.n != what.n || other.element != what.element || other.a_transposed != what.a_transposed || other.b_transposed != what.b_transposed ||
      other.add != what.add || (other.registers == nullptr) != (what.registers == nullptr) || other.a != what.a || other.b != what.b ||
      product.place.line != line) {
    fail_diverging(worker, product, text, product.place.line != line ? "" : " with other operands");
  }
  if (product.group != mine.open_group) {
    fail_diverging(worker, product, text, ", with a wgmma_commit between for one of them alone");
  }
  note_known(worker, product);
  join_sums(worker, product, what.d, mine.issued, text, first);
  if (what.registers != nullptr) {
    std::memcpy(product.registers[worker.thread->index % kWarpgroup], what.registers, sizeof(product.registers[0]));
  }
  order_before(&engine);
  if (++product.arrived == kWarpgroup) {
    check_tiles(worker, product, mine.issued, false);
    for (const unsigned thread : group.waiters) {
      wake(worker, thread / kLanes, 1u << (thread % kLanes));
    }
    group.waiters.clear();
  }
}

void warpgroup_fence(const char* file, int line) {
  if (!pass_by("wgmma_fence", file, line)) {
    EngineThread& mine = engine_of(*current, "wgmma_fence", Place{file, line}).threads[current->thread->index];
    mine.fenced = mine.ever_fenced = true;
  }
}

void warpgroup_commit(const char* file, int line) {
  if (!pass_by("wgmma_commit", file, line)) {
    EngineThread& mine = engine_of(*current, "wgmma_commit", Place{file, line}).threads[current->thread->index];
    mine.open_group++;
    mine.commits.push_back(mine.issued);
  }
}

void warpgroup_wait(int groups, const char* file, int line) {
  if (pass_by("wgmma_wait", file, line)) {
    return;
  }
  Worker& worker = *current;
  Thread& thread = *worker.thread;
  Engine& engine = engine_of(worker, "wgmma_wait", Place{file, line});
  EngineThread& mine = engine.threads[thread.index];
  Warpgroup& group = engine.warpgroups[group_of(worker)];
  land_some(worker);
  mine.fenced = false;
  if (mine.commits.size() <= static_cast<size_t>(groups)) {
    return;
  }
  const uint64_t up_to = mine.commits[mine.commits.size() - 1 - static_cast<size_t>(groups)];
  while (group.performed < up_to) {
    Product& next = group.products.front();
    if (next.arrived == kWarpgroup) {
      order_after(&engine);
      perform(worker, next, group.performed + 1);
      group.products.pop_front();
      group.performed++;
      continue;
    }
    group.waiters.push_back(thread.index);
    thread.what = "wgmma_wait";
    thread.place = Place{file, line};
    thread.mbarrier = 0;
    give_way(worker, State::kAtEngine);
  }
  deliver(worker, up_to);
  mine.commits.erase(mine.commits.begin(), mine.commits.end() - groups);
  Knowledge done;
  done.seen[tensor_cores(group_of(worker))] = static_cast<uint32_t>(std::min<uint64_t>(up_to, kLastClock));
  come_to_know(worker, done);
}

void warpgroup_registers(bool up, int count, const char* file, int line) {
  Worker& worker = *current;
  const char* const name = up ? "registers_up" : "registers_down";
  Engine& engine = engine_of(worker, name, Place{file, line});
  Warpgroup& group = engine.warpgroups[group_of(worker)];
  const size_t call = engine.threads[worker.thread->index].register_calls++;
  if (call == group.registers.size()) {
    group.registers.emplace_back(count, 0);
  }
  if (group.registers[call].first != count) {
    fail(worker, kLaunchFailed, "warps of a warpgroup diverge: " + at(name, Place{file, line}) + " to " + std::to_string(count) +
                                    ", where another thread of warps " + std::to_string(group_of(worker) * 4) + "-" +
                                    std::to_string(group_of(worker) * 4 + 3) + " asked for " + std::to_string(group.registers[call].first));
  }
  group.registers[call].second++;
}

}  // namespace gatun::emulator
