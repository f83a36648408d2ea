// Executes a launch: its blocks in random order over the workers.
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "worker.h"

namespace gatun::emulator {

namespace {

uint64_t mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15ull;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ value >> 27) * 0x94D049BB133111EBull;
  return value ^ value >> 31;
}

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr || *text == 0 ? otherwise : std::strtoull(text, nullptr, 0);
}

std::atomic<uint64_t>& seed() {
  static std::atomic<uint64_t> value{number_from("GATUN_EMULATOR_SEED", 1)};
  return value;
}

// Counts launches since the seed was set.
std::atomic<uint64_t> launches{0};

std::atomic<uint64_t>& choices() {
  static std::atomic<uint64_t> state{seed() * 0x9E3779B97F4A7C15ull};
  return state;
}

unsigned worker_count() {
  static const unsigned value = [] {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    return static_cast<unsigned>(std::min<uint64_t>(64, std::max<uint64_t>(1, number_from("GATUN_EMULATOR_THREADS", std::min(2u, cores)))));
  }();
  return value;
}

int64_t processor_time(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void work(Worker& worker, Launch& launch) {
  worker.launch = &launch;
  clockid_t clock{};
  if (pthread_getcpuclockid(pthread_self(), &clock) == 0) {
    worker.processor_clock = clock;
    worker.started.store(std::max<int64_t>(1, processor_time(clock)), std::memory_order_release);
  }
  for (uint64_t i = launch.next.fetch_add(1); i < launch.blocks && !worker.stop.load(std::memory_order_relaxed); i = launch.next.fetch_add(1)) {
    worker.run_block(static_cast<unsigned>(i));
  }
  worker.started.store(0, std::memory_order_release);
  worker.launch = nullptr;
}

// Workers beyond the calling thread. They live as long as the process, and so does this object.
class Crew {
 public:
  Crew() : workers_(worker_count()) {}

  Worker& own() { return workers_[0]; }
  std::vector<Worker>& workers() { return workers_; }

  void run(Launch& launch) {
    if (launch.blocks > 1 && workers_.size() > 1) {
      {
        const std::lock_guard lock(mutex_);
        launch_ = &launch;
        round_++;
        busy_ = workers_.size() - 1;
        if (!started_) {
          started_ = true;
          for (size_t i = 1; i < workers_.size(); i++) {
            std::thread([this, i] { serve(workers_[i]); }).detach();
          }
        }
      }
      begin_.notify_all();
      work(own(), launch);
      std::unique_lock lock(mutex_);
      end_.wait(lock, [this] { return busy_ == 0; });
    } else {
      work(own(), launch);
    }
  }

 private:
  void serve(Worker& worker) {
    uint64_t seen = 0;
    while (true) {
      Launch* launch;
      {
        std::unique_lock lock(mutex_);
        begin_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        launch = launch_;
      }
      work(worker, *launch);
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) {
        end_.notify_all();
      }
    }
  }

  std::vector<Worker> workers_;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  Launch* launch_ = nullptr;
  uint64_t round_ = 0;
  size_t busy_ = 0;
  bool started_ = false;
};

Crew& crew() {
  static auto* const all = new Crew();
  return *all;
}

// Watches over launches that do not end. It counts the processor time of the workers, since on a busy host much time may pass without a launch coming on.
class Watchdog {
 public:
  explicit Watchdog(std::vector<Worker>& workers) : workers_(workers) {
    std::thread([this] { watch(); }).detach();
  }

 private:
  void watch() {
    while (true) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      for (const Worker& worker : workers_) {
        const int64_t started = worker.started.load(std::memory_order_acquire);
        const int64_t spent = processor_time(worker.processor_clock) - started;
        // Were another launch begun meanwhile, by another thread perhaps, start and clock would not belong together.
        if (started != 0 && started == worker.started.load() && spent > static_cast<int64_t>(timeout_seconds()) * 1000000000) {
          for (Worker& each : workers_) {
            each.stop = true;
          }
        }
      }
    }
  }

  std::vector<Worker>& workers_;
};

// One cell for each word of all device memory there can be; pages come into being as they are touched.
struct DeviceCells {
  AddressRange range{};
  Cell* cells = nullptr;
  bool tried = false;

  void map() {
    if (tried) {
      return;
    }
    tried = true;
    range = device_addresses();
    void* const mapped =
        mmap(nullptr, (range.end - range.begin) / 4 * sizeof(Cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cells = mapped == MAP_FAILED ? nullptr : static_cast<Cell*>(mapped);
  }
  void forget(uintptr_t begin, uintptr_t end) const {
    constexpr uintptr_t kPage = 4096 / sizeof(Cell) * 4;
    begin = (begin - range.begin + kPage - 1) / kPage * kPage;
    end = (end - range.begin) / kPage * kPage;
    if (cells != nullptr && begin < end) {
      madvise(cells + begin / 4, (end - begin) / 4 * sizeof(Cell), MADV_DONTNEED);
    }
  }
};

DeviceCells& device_cells() {
  static auto* const cells = new DeviceCells();
  return *cells;
}

std::atomic<uint32_t> next_run{1};
Runs last;
Dependence dependence{};

std::optional<Fault> refuse(const LaunchSpec& spec) {
  const auto refusal = [&spec](int result, const std::string& what) { return Fault{result, std::string(spec.kernel->symbol) + ": " + what}; };
  const auto text = [](Dim3 d) { return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")"; };
  if (spec.block.x == 0 || spec.block.y != 1 || spec.block.z != 1) {
    return refusal(kInvalidValue, "block " + text(spec.block) + "; blocks are one-dimensional");
  }
  if (spec.block.x > spec.kernel->threads || spec.block.x > kLanes * kWarps) {
    return refusal(kOutOfResources, "a block of " + std::to_string(spec.block.x) + " threads; the kernel is compiled for " +
                                        std::to_string(spec.kernel->threads));
  }
  const uint64_t blocks = static_cast<uint64_t>(spec.grid.x) * spec.grid.y * spec.grid.z;
  if (blocks == 0 || spec.grid.x > 0x7FFFFFFFu || spec.grid.y > 65535 || spec.grid.z > 65535 || blocks > 1u << 28) {
    return refusal(kInvalidValue, "grid " + text(spec.grid));
  }
  if (spec.dynamic_shared > 227 * 1024) {
    return refusal(kInvalidValue, std::to_string(spec.dynamic_shared) + " bytes of dynamic shared memory; at most 232448 are there");
  }
  if (spec.params.size() != spec.kernel->params_size) {
    return refusal(kInvalidValue, std::to_string(spec.params.size()) + " bytes of parameters; the kernel takes " + std::to_string(spec.kernel->params_size));
  }
  return std::nullopt;
}

}  // namespace

Checks checks() {
  static const Checks value = [] {
    const char* const text = std::getenv("GATUN_EMULATOR_CHECKS");
    const bool all = text == nullptr || std::strcmp(text, "all") == 0 || *text == 0;
    if (kSanitized) {
      return all || std::strcmp(text, "bounds") == 0 ? Checks::kBounds : Checks::kNone;
    }
    return all ? Checks::kAll : std::strcmp(text, "bounds") == 0 ? Checks::kBounds : Checks::kNone;
  }();
  return value;
}

unsigned timeout_seconds() {
  static const auto value = static_cast<unsigned>(std::min<uint64_t>(1u << 30, std::max<uint64_t>(1, number_from("GATUN_EMULATOR_TIMEOUT", 300))));
  return value;
}

uint32_t choose(uint32_t bound) {
  const uint64_t value = mix(choices().fetch_add(0x9E3779B97F4A7C15ull));
  return bound == 0 ? 0 : static_cast<uint32_t>((value >> 32) * bound >> 32);
}

void forget_accesses(uintptr_t base, size_t bytes) {
  const DeviceCells& cells = device_cells();
  if (cells.cells != nullptr && base >= cells.range.begin && base < cells.range.end) {
    cells.forget(base, base + bytes);
  }
}

void seed_choices(uint32_t value) {
  seed() = value;
  launches = 0;
  choices() = value * 0x9E3779B97F4A7C15ull;
}

std::optional<Fault> execute(const LaunchSpec& spec) {
  static std::mutex one_at_a_time;
  DeviceCells& cells = device_cells();
  const std::lock_guard lock(one_at_a_time);
  if (const auto refusal = refuse(spec)) {
    return refusal;
  }
  Launch launch;
  launch.spec = &spec;
  launch.blocks = static_cast<uint64_t>(spec.grid.x) * spec.grid.y * spec.grid.z;
  launch.seed = mix(seed() ^ mix(++launches));
  launch.order.resize(launch.blocks);
  for (uint32_t i = 0; i < launch.blocks; i++) {
    launch.order[i] = i;
  }
  for (uint32_t i = static_cast<uint32_t>(launch.blocks) - 1; i > 0; i--) {
    std::swap(launch.order[i], launch.order[static_cast<uint32_t>((mix(launch.seed + i) >> 32) * (i + 1) >> 32)]);
  }
  std::vector<unsigned char> params(spec.params.size() + 64);
  const uintptr_t aligned = (reinterpret_cast<uintptr_t>(params.data()) + 63) & ~static_cast<uintptr_t>(63);
  std::memcpy(reinterpret_cast<void*>(aligned), spec.params.data(), spec.params.size());
  launch.params = reinterpret_cast<const unsigned char*>(aligned);
  const bool races = checks() == Checks::kAll;
  if (races) {
    cells.map();
    if (next_run > UINT32_MAX - launch.blocks) {
      cells.forget(cells.range.begin, cells.range.end);
      next_run = 1;
    }
    forget_publications();
  }
  launch.first_run = next_run;
  next_run += static_cast<uint32_t>(launch.blocks);
  last = Runs{launch.first_run, next_run};
  uint32_t oldest_unordered = launch.first_run;
  for (const UnorderedLaunch& other : spec.unordered) {
    oldest_unordered = std::min(oldest_unordered, other.runs.begin);
  }
  for (const UnorderedLaunch& other : spec.prior) {
    oldest_unordered = std::min(oldest_unordered, other.runs.begin);
  }
  launch.workers = &crew().workers();
  for (Worker& worker : crew().workers()) {
    worker.stop = false;
    if (!worker.create()) {
      return Fault{kOutOfResources, std::string(spec.kernel->symbol) + ": the host has no memory for the shared memory of a block"};
    }
    worker.params_low = aligned;
    worker.params_span = spec.params.size();
    worker.races = races;
    worker.oldest_unordered = oldest_unordered;
    worker.device_cells = cells.cells;
    worker.device_low = cells.range.begin;
    worker.device_span = cells.cells == nullptr ? 0 : cells.range.end - cells.range.begin;
  }
  static auto* const watchdog = new Watchdog(crew().workers());
  static_cast<void>(watchdog);
  crew().run(launch);
  dependence = Dependence{launch.waited == launch.blocks, launch.early};
  if (launch.faulted) {
    return launch.fault;
  }
  return std::nullopt;
}

Runs last_runs() { return last; }

Dependence last_dependence() { return dependence; }

uint32_t next_runs_begin() { return next_run; }

uintptr_t first_touched(uintptr_t begin, uintptr_t end, Runs runs, bool writes_only) {
  const DeviceCells& cells = device_cells();
  if (cells.cells == nullptr || begin < cells.range.begin || end > cells.range.end) {
    return 0;
  }
  const auto within = [&runs](Stamp stamp) { return run_of(stamp) >= runs.begin && run_of(stamp) < runs.end; };
  for (uintptr_t word = begin & ~static_cast<uintptr_t>(3); word < end; word += 4) {
    const Cell& cell = cells.cells[(word - cells.range.begin) / 4];
    const Stamp bytes = (within(cell.written) ? cell.written : 0) | (!writes_only && within(cell.read) ? cell.read : 0);
    for (uintptr_t address = word; address < word + 4; address++) {
      if (address >= begin && address < end && (bytes >> (kByteShift + (address - word)) & 1) != 0) {
        return address;
      }
    }
  }
  return 0;
}

}  // namespace gatun::emulator
