// Streams and events.
#include "capture.h"

using namespace gatun::emulator::driver;

namespace {

CUresult create(Entry& entry, CUstream* stream, unsigned flags, int priority) {
  if (stream == nullptr || flags > 1) return CUDA_ERROR_INVALID_VALUE;
  const auto created = entry.driver.create_stream(*entry.context, flags, priority > 0 ? 0 : priority < -2 ? -2 : priority);
  entry.context->streams.insert(created);
  *stream = static_cast<CUstream>(entry.driver.streams.add(created));
  return CUDA_SUCCESS;
}

CUresult record(Entry& entry, CUevent handle, CUstream stream, unsigned flags) {
  const auto event = entry.driver.events.find(handle);
  const auto on = stream_of(entry, stream);
  if (event == nullptr || on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
  if (event->context != on->context || on->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  if (on->capture != nullptr && flags == 0) return capture_record(*on, *event);
  if (on->capture == nullptr && flags != 0) return CUDA_ERROR_ILLEGAL_STATE;
  std::shared_ptr<Operation> operation;
  const CUresult result = submit(entry, *on, action(Record{event}), &operation);
  if (result == CUDA_SUCCESS && operation != nullptr) {
    event->recorded = operation;
    event->captured = false;
  }
  return result;
}

CUresult elapsed(Entry& entry, float* milliseconds, CUevent start, CUevent end) {
  const auto from = entry.driver.events.find(start), to = entry.driver.events.find(end);
  if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (from == nullptr || to == nullptr || from->recorded == nullptr || to->recorded == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (((from->flags | to->flags) & CU_EVENT_DISABLE_TIMING) != 0) return CUDA_ERROR_INVALID_HANDLE;
  if (!from->recorded->done || !to->recorded->done) return CUDA_ERROR_NOT_READY;
  *milliseconds = static_cast<float>(static_cast<double>(to->recorded->finished_ns - from->recorded->finished_ns) * 1e-6);
  return CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuStreamCreate, (CUstream * stream, unsigned flags)) {
  GATUN_ENTER(cuStreamCreate, needs_context);
  return create(entry, stream, flags, 0);
}

GATUN_DRIVER_FUNCTION(cuStreamCreateWithPriority, (CUstream * stream, unsigned flags, int priority)) {
  GATUN_ENTER(cuStreamCreateWithPriority, needs_context);
  return create(entry, stream, flags, priority);
}

// The stream's work goes on; only its handle is gone.
GATUN_DRIVER_FUNCTION(cuStreamDestroy_v2, (CUstream handle)) {
  GATUN_ENTER(cuStreamDestroy_v2, needs_context | gives_back);
  const auto stream = entry.driver.streams.find(handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture != nullptr) abandon_capture(*stream);
  entry.driver.retire_stream(*stream);
  stream->context->streams.erase(stream);
  entry.driver.streams.remove(handle);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuStreamQuery, (CUstream handle)) {
  GATUN_ENTER(cuStreamQuery, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture != nullptr) return invalidate(*stream);
  const CUresult forbidden = refuse_legacy_use(*stream);
  if (forbidden != CUDA_SUCCESS) return forbidden;
  for (const auto& last : stream->legacy ? stream_order(*stream) : std::vector<std::shared_ptr<Operation>>{stream->tail}) {
    if (last == nullptr) continue;
    if (!last->done) {
      entry.driver.scheduler.nudge(entry.lock, last);
      return entry.answer(CUDA_SUCCESS) == CUDA_SUCCESS ? CUDA_ERROR_NOT_READY : entry.answer();
    }
    entry.driver.scheduler.seen(*last);
  }
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuStreamSynchronize, (CUstream handle)) {
  GATUN_ENTER(cuStreamSynchronize, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture != nullptr) return invalidate(*stream);
  const CUresult forbidden = refuse_legacy_use(*stream);
  if (forbidden != CUDA_SUCCESS) return forbidden;
  for (const auto& last : stream->legacy ? stream_order(*stream) : std::vector<std::shared_ptr<Operation>>{stream->tail}) {
    entry.driver.scheduler.wait(entry.lock, last);
  }
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuStreamWaitEvent, (CUstream stream, CUevent handle, unsigned flags)) {
  GATUN_ENTER(cuStreamWaitEvent, needs_context);
  const auto event = entry.driver.events.find(handle);
  const auto on = stream_of(entry, stream);
  if (event == nullptr || on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
  if (on->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  if (flags == 0 && (event->captured || on->capture != nullptr)) return capture_wait(*on, *event);
  if (on->capture != nullptr) return capture_action(*on, action(Wait{event}));
  const CUresult forbidden = refuse_legacy_use(*on);
  if (forbidden != CUDA_SUCCESS) return forbidden;
  if (event->recorded == nullptr) return CUDA_SUCCESS;
  auto operation = std::make_shared<Operation>();
  operation->action = action(Wait{});
  operation->context = on->context;
  operation->stream = on->number;
  operation->track = on->track;
  enter_in_stream(entry, *on, operation, event->recorded);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetPriority, (CUstream handle, int* priority)) {
  GATUN_ENTER(cuStreamGetPriority, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (priority == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *priority = stream->priority;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetFlags, (CUstream handle, unsigned* flags)) {
  GATUN_ENTER(cuStreamGetFlags, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *flags = stream->flags;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetId, (CUstream handle, unsigned long long* id)) {
  GATUN_ENTER(cuStreamGetId, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (id == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *id = stream->number;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetCtx, (CUstream handle, CUcontext* context)) {
  GATUN_ENTER(cuStreamGetCtx, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *context = static_cast<CUcontext>(stream->context->handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetDevice, (CUstream handle, CUdevice* device)) {
  GATUN_ENTER(cuStreamGetDevice, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *device = stream->context->device->ordinal;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuEventCreate, (CUevent * event, unsigned flags)) {
  GATUN_ENTER(cuEventCreate, needs_context);
  if (event == nullptr || flags > 7) return CUDA_ERROR_INVALID_VALUE;
  if ((flags & CU_EVENT_INTERPROCESS) != 0) return CUDA_ERROR_NOT_SUPPORTED;
  auto created = std::make_shared<Event>();
  created->context = entry.context;
  created->flags = flags;
  *event = static_cast<CUevent>(entry.driver.events.add(created));
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuEventDestroy_v2, (CUevent handle)) {
  GATUN_ENTER(cuEventDestroy_v2, needs_context | gives_back);
  if (entry.driver.events.find(handle) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  entry.driver.events.remove(handle);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuEventRecord, (CUevent event, CUstream stream)) {
  GATUN_ENTER(cuEventRecord, needs_context);
  return record(entry, event, stream, 0);
}

GATUN_DRIVER_FUNCTION(cuEventRecordWithFlags, (CUevent event, CUstream stream, unsigned flags)) {
  GATUN_ENTER(cuEventRecordWithFlags, needs_context);
  return record(entry, event, stream, flags);
}

GATUN_DRIVER_FUNCTION(cuEventQuery, (CUevent handle)) {
  GATUN_ENTER(cuEventQuery, needs_context | unsafe_in_capture);
  const auto event = entry.driver.events.find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (event->captured) return refuse_captured(*event);
  if (event->recorded == nullptr) return entry.answer();
  if (!event->recorded->done) {
    entry.driver.scheduler.nudge(entry.lock, event->recorded);
    return entry.answer() == CUDA_SUCCESS ? CUDA_ERROR_NOT_READY : entry.answer();
  }
  entry.driver.scheduler.seen(*event->recorded);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuEventSynchronize, (CUevent handle)) {
  GATUN_ENTER(cuEventSynchronize, needs_context | unsafe_in_capture);
  const auto event = entry.driver.events.find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (event->captured) return refuse_captured(*event);
  const auto recorded = event->recorded;
  entry.driver.scheduler.wait(entry.lock, recorded);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuEventElapsedTime, (float* milliseconds, CUevent start, CUevent end)) {
  GATUN_ENTER(cuEventElapsedTime, needs_context);
  return elapsed(entry, milliseconds, start, end);
}

GATUN_DRIVER_FUNCTION(cuEventElapsedTime_v2, (float* milliseconds, CUevent start, CUevent end)) {
  GATUN_ENTER(cuEventElapsedTime_v2, needs_context);
  return elapsed(entry, milliseconds, start, end);
}
