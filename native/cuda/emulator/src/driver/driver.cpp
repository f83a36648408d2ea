#include "driver.h"

#include <algorithm>
#include <cstdlib>

#include "capture.h"

namespace gatun::emulator::driver {

namespace {

constexpr size_t most_orphans = 256;

size_t number(const char* variable, size_t otherwise) {
  const char* text = getenv(variable);
  return text == nullptr || *text == 0 ? otherwise : strtoull(text, nullptr, 10);
}

}  // namespace

Call::Call(const char* name, void* address) : name(name), address(address) { Driver::calls().push_back(this); }

std::vector<Call*>& Driver::calls() {
  static auto* calls = new std::vector<Call*>();
  return *calls;
}

// Never destroyed: the device's thread and other threads may still use it while the process ends.
Driver& Driver::get() {
  static auto* driver = new Driver();
  return *driver;
}

Driver::Driver() {
  const size_t count = std::min<size_t>(number("GATUN_EMULATOR_DEVICES", 1), 16);
  architecture = static_cast<int>(number("GATUN_EMULATOR_ARCH", 80));
  devices.resize(count);
  for (size_t i = 0; i < count; i++) {
    devices[i].ordinal = static_cast<int>(i);
    devices[i].memory = number("GATUN_EMULATOR_MEMORY", size_t(4) << 30);
    devices[i].default_pool = std::make_shared<Pool>();
    devices[i].default_pool->device = static_cast<int>(i);
    devices[i].default_pool->of_device = true;
    devices[i].default_pool_handle = pools.add(devices[i].default_pool);
    devices[i].pool = devices[i].default_pool;
  }
}

bool is_sticky(int result) {
  switch (result) {
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
      return true;
    default:
      return false;
  }
}

void Driver::poison(Context& context, CUresult result, const std::string& message) {
  last_fault = message;
  if (context.sticky != CUDA_SUCCESS) return;
  context.sticky = result;
  fault_texts[result] = message;
}

std::vector<std::shared_ptr<Context>>& current_contexts() {
  static thread_local std::vector<std::shared_ptr<Context>> contexts;
  return contexts;
}

std::shared_ptr<Stream> Driver::create_stream(Context& context, unsigned flags, int priority) {
  auto stream = std::make_shared<Stream>();
  stream->context = &context;
  stream->number = next_number++;
  stream->flags = flags;
  stream->priority = priority;
  stream->track = scheduler.open_track();
  return stream;
}

void Driver::retire_stream(Stream& stream) {
  if (stream.tail != nullptr && stream.blocking()) {
    auto& orphans = stream.context->orphans;
    orphans.push_back(stream.tail);
    if (orphans.size() > most_orphans) {
      // As if the host had seen those that are done: that forgets a missing order at worst.
      for (const auto& orphan : orphans) {
        if (orphan->done) scheduler.seen(*orphan);
      }
      orphans.erase(std::remove_if(orphans.begin(), orphans.end(), [](const auto& orphan) { return orphan->done; }), orphans.end());
    }
  }
  scheduler.close_track(stream.track);
  for (const unsigned track : stream.graph_tracks) scheduler.close_track(track);
}

std::shared_ptr<Context> Driver::create_context(Device& device, unsigned flags, bool primary) {
  auto context = std::make_shared<Context>();
  context->device = &device;
  context->id = next_number++;
  context->flags = flags;
  context->primary = primary;
  context->legacy = create_stream(*context, 0, 0);
  context->legacy->legacy = true;
  context->handle = contexts.add(context);
  return context;
}

void Driver::destroy_context(Lock& held, const std::shared_ptr<Context>& context) {
  scheduler.drain(held, *context);
  const auto remove_all = [&](auto& handles) {
    std::vector<const void*> mine;
    for (const auto& [handle, object] : handles.all()) {
      if (object->context == context.get()) mine.push_back(reinterpret_cast<const void*>(handle));
    }
    for (const void* handle : mine) handles.remove(handle);
  };
  for (const auto& stream : context->streams) retire_stream(*stream);
  retire_stream(*context->legacy);
  for (const auto& [thread, stream] : context->per_thread) retire_stream(*stream);
  remove_all(streams);
  remove_all(events);
  remove_all(functions);
  remove_all(modules);
  const std::vector<Block*> blocks(context->blocks.begin(), context->blocks.end());
  for (Block* block : blocks) release(block);
  contexts.remove(context->handle);
}

Block* Driver::allocate(Context& context, size_t bytes, BlockKind kind) {
  Device& device = *context.device;
  const bool on_device = kind != BlockKind::pinned;
  if (on_device && bytes > device.memory - device.used) return nullptr;
  Block* block = Arena::get().allocate(bytes, kind);
  if (block == nullptr) return nullptr;
  block->context = &context;
  block->device = device.ordinal;
  context.blocks.insert(block);
  if (on_device) {
    device.used += bytes;
    live_blocks++;
    live_bytes += bytes;
  } else {
    live_host++;
  }
  return block;
}

// A block allocated in stream order left the books when its free was asked for.
void Driver::release(Block* block) {
  block->context->blocks.erase(block);
  if (block->kind == BlockKind::registered) {
    live_host--;
    Arena::get().leave_registered(block);
    return;
  }
  if (block->owned) {
    if (block->kind == BlockKind::pinned) {
      live_host--;
    } else {
      devices[block->device].used -= block->bytes;
      live_blocks--;
      live_bytes -= block->bytes;
      if (block->pool != nullptr) block->pool->held -= block->bytes;
    }
  }
  Arena::get().release(block);
}

Entry::Entry(Call& call, unsigned needs) : driver(Driver::get()) {
  refusal = admit(call, needs);
  refused = refusal != CUDA_SUCCESS;
}

CUresult Entry::admit(Call& call, unsigned needs) {
  if (on_device_thread()) return CUDA_ERROR_NOT_PERMITTED;
  lock = Lock(driver.lock);
  call.count++;
  auto& stack = current_contexts();
  if (!stack.empty()) held_ = stack.back();
  context = held_.get();
  int failure = 0;
  if (call.fail_in > 0 && --call.fail_in == 0) failure = call.result;
  if (driver.fail_any_in > 0 && --driver.fail_any_in == 0) failure = driver.fail_any_result;
  if (failure != 0) {
    if (is_sticky(failure) && context != nullptr) driver.poison(*context, static_cast<CUresult>(failure), std::string("injected into ") + call.name);
    return static_cast<CUresult>(failure);
  }
  if ((needs & needs_init) != 0 && !driver.initialized) return CUDA_ERROR_NOT_INITIALIZED;
  if ((needs & needs_context) == needs_context) {
    if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    if (driver.contexts.find(context->handle) == nullptr) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if ((needs & gives_back) == 0 && context->sticky != CUDA_SUCCESS) return context->sticky;
  }
  return (needs & unsafe_in_capture) != 0 ? refuse_unsafe_call() : CUDA_SUCCESS;
}

CUresult Entry::answer(CUresult result) const {
  if (result == CUDA_SUCCESS && context != nullptr && context->sticky != CUDA_SUCCESS) return context->sticky;
  return result;
}

std::shared_ptr<Stream> stream_of(Entry& entry, CUstream handle) {
  if (handle == nullptr || handle == CU_STREAM_LEGACY) return entry.context->legacy;
  if (handle == CU_STREAM_PER_THREAD) {
    auto& stream = entry.context->per_thread[std::this_thread::get_id()];
    if (stream == nullptr) stream = entry.driver.create_stream(*entry.context, 0, 0);
    return stream;
  }
  return entry.driver.streams.find(handle);
}

CUresult submit(Entry& entry, Stream& stream, std::shared_ptr<const Action> action, std::shared_ptr<Operation>* entered) {
  if (stream.context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  if (stream.capture != nullptr) return capture_action(stream, std::move(action));
  const CUresult forbidden = refuse_legacy_use(stream);
  if (forbidden != CUDA_SUCCESS) return forbidden;
  auto operation = std::make_shared<Operation>();
  operation->action = std::move(action);
  operation->context = stream.context;
  operation->stream = stream.number;
  operation->track = stream.track;
  if (const auto* copy = std::get_if<Copy>(&operation->action->what)) operation->staged = copy->staged == nullptr ? 0 : copy->bytes * copy->rows;
  operation->may_overlap = true;
  enter_in_stream(entry, stream, operation);
  if (entered != nullptr) *entered = operation;
  return CUDA_SUCCESS;
}

void enter_in_stream(Entry& entry, Stream& stream, const std::shared_ptr<Operation>& operation, const std::shared_ptr<Operation>& also) {
  auto before = stream_order(stream);
  before.push_back(also);
  // Entering may wait for a full queue to empty, and let other threads in meanwhile.
  stream.tail = operation;
  entry.driver.scheduler.enter(entry.lock, operation, before);
}

std::vector<std::shared_ptr<Operation>> stream_order(Stream& stream) {
  std::vector<std::shared_ptr<Operation>> before = {stream.tail};
  Context& context = *stream.context;
  if (stream.legacy) {
    for (const auto& other : context.streams) {
      if (other->blocking()) before.push_back(other->tail);
    }
    for (const auto& [thread, other] : context.per_thread) before.push_back(other->tail);
    for (const auto& orphan : context.orphans) before.push_back(orphan);
    context.orphans.clear();
  } else if (stream.blocking()) {
    before.push_back(context.legacy->tail);
  }
  return before;
}

}  // namespace gatun::emulator::driver
