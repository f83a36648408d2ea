#include "capture.h"

#include <algorithm>

#include "graph.h"

using namespace gatun::emulator::driver;

namespace gatun::emulator::driver {

namespace {

thread_local CUstreamCaptureMode thread_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

// Captures in progress.
std::vector<std::shared_ptr<Capture>>& captures() {
  static auto* all = new std::vector<std::shared_ptr<Capture>>();
  return *all;
}

void end(const std::shared_ptr<Capture>& capture) {
  for (Stream* member : capture->members) {
    if (member == nullptr) continue;
    member->capture.reset();
    member->capture_tails.clear();
  }
  auto& all = captures();
  all.erase(std::remove(all.begin(), all.end(), capture), all.end());
}

void merge(std::vector<size_t>& into, const std::vector<size_t>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

// Whether every node of the capture comes before the nodes where its first stream stands.
bool joined(const Capture& capture) {
  const auto& nodes = capture.graph->nodes;
  std::vector<bool> reached(nodes.size());
  std::vector<size_t> open = capture.members[0]->capture_tails;
  while (!open.empty()) {
    const size_t node = open.back();
    open.pop_back();
    if (reached[node]) continue;
    reached[node] = true;
    open.insert(open.end(), nodes[node].dependencies.begin(), nodes[node].dependencies.end());
  }
  return std::all_of(reached.begin(), reached.end(), [](bool one) { return one; });
}

}  // namespace

CUresult refuse_unsafe_call() {
  if (captures().empty() || thread_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_SUCCESS;
  CUresult result = CUDA_SUCCESS;
  for (const auto& capture : captures()) {
    const bool own = capture->thread == std::this_thread::get_id() && capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED;
    const bool global = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL && thread_mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
    if (!own && !global) continue;
    capture->invalid = true;
    result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return result;
}

CUresult refuse_legacy_use(Stream& stream) {
  if (!stream.legacy) return CUDA_SUCCESS;
  CUresult result = CUDA_SUCCESS;
  for (const auto& capture : captures()) {
    for (const Stream* member : capture->members) {
      if (member == nullptr || member->context != stream.context || !member->blocking()) continue;
      capture->invalid = true;
      result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
  }
  return result;
}

CUresult capture_action(Stream& stream, std::shared_ptr<const Action> action) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  const CUgraphNodeType type = type_of(*action);
  const size_t node = add_node(Driver::get(), *capture.graph, type, std::move(action), stream.capture_tails);
  stream.capture_tails = {node};
  return CUDA_SUCCESS;
}

CUresult capture_record(Stream& stream, Event& event) {
  if (stream.capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  event.captured = true;
  event.capture = stream.capture;
  event.capture_nodes = stream.capture_tails;
  event.recorded.reset();
  return CUDA_SUCCESS;
}

CUresult capture_wait(Stream& stream, Event& event) {
  const auto capture = event.captured ? event.capture.lock() : nullptr;
  if (capture == nullptr || std::find(captures().begin(), captures().end(), capture) == captures().end()) {
    if (stream.capture == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (stream.capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    stream.capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  if (capture->invalid || (stream.capture != nullptr && stream.capture->invalid)) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (stream.legacy) {
    capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  }
  if (stream.capture == nullptr) {
    stream.capture = capture;
    capture->members.push_back(&stream);
  } else if (stream.capture != capture) {
    capture->invalid = stream.capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  merge(stream.capture_tails, event.capture_nodes);
  return CUDA_SUCCESS;
}

CUresult invalidate(Stream& stream) {
  if (stream.capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  stream.capture->invalid = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult refuse_captured(Event& event) {
  if (const auto capture = event.capture.lock()) capture->invalid = true;
  return CUDA_ERROR_CAPTURED_EVENT;
}

void abandon_capture(Stream& stream) {
  const auto capture = stream.capture;
  capture->invalid = true;
  std::replace(capture->members.begin(), capture->members.end(), &stream, static_cast<Stream*>(nullptr));
  stream.capture.reset();
  if (capture->members[0] != nullptr) return;
  destroy_graph(Driver::get(), *capture->graph);
  end(capture);
}

}  // namespace gatun::emulator::driver

GATUN_DRIVER_FUNCTION(cuStreamBeginCapture_v2, (CUstream handle, CUstreamCaptureMode mode)) {
  GATUN_ENTER(cuStreamBeginCapture_v2, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  if (stream->legacy) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture != nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  auto capture = std::make_shared<Capture>();
  capture->graph = create_graph(entry.driver, stream->context->id);
  capture->members.push_back(stream.get());
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->id = entry.driver.next_number++;
  stream->capture = capture;
  captures().push_back(std::move(capture));
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamEndCapture, (CUstream handle, CUgraph* graph)) {
  GATUN_ENTER(cuStreamEndCapture, needs_context | gives_back);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  const auto capture = stream->capture;
  if (capture == nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  if (capture->members[0] != stream.get()) {
    capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  }
  const CUresult result = capture->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : joined(*capture) ? entry.answer() : CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  if (result == CUDA_SUCCESS) {
    *graph = static_cast<CUgraph>(capture->graph->handle);
  } else {
    destroy_graph(entry.driver, *capture->graph);
  }
  end(capture);
  return result;
}

GATUN_DRIVER_FUNCTION(cuStreamIsCapturing, (CUstream handle, CUstreamCaptureStatus* status)) {
  GATUN_ENTER(cuStreamIsCapturing, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (status == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (stream->legacy) {
    for (const auto& other : stream->context->streams) {
      if (other->capture != nullptr && other->blocking()) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
  }
  *status = stream->capture == nullptr    ? CU_STREAM_CAPTURE_STATUS_NONE
            : stream->capture->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                       : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuStreamGetCaptureInfo_v2, (CUstream handle, CUstreamCaptureStatus* status, uint64_t* id, CUgraph* graph,
                                                  const CUgraphNode** dependencies, size_t* count)) {
  GATUN_ENTER(cuStreamGetCaptureInfo_v2, needs_context);
  const auto stream = stream_of(entry, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (status == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *status = CU_STREAM_CAPTURE_STATUS_NONE;
  if (stream->capture == nullptr) return CUDA_SUCCESS;
  *status = stream->capture->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  if (stream->capture->invalid) return CUDA_SUCCESS;
  static thread_local std::vector<CUgraphNode> nodes;
  nodes.clear();
  for (const size_t tail : stream->capture_tails) nodes.push_back(static_cast<CUgraphNode>(stream->capture->graph->nodes[tail].handle));
  if (id != nullptr) *id = stream->capture->id;
  if (graph != nullptr) *graph = static_cast<CUgraph>(stream->capture->graph->handle);
  if (dependencies != nullptr) *dependencies = nodes.data();
  if (count != nullptr) *count = nodes.size();
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuThreadExchangeStreamCaptureMode, (CUstreamCaptureMode * mode)) {
  GATUN_ENTER(cuThreadExchangeStreamCaptureMode, needs_init);
  if (mode == nullptr || *mode < CU_STREAM_CAPTURE_MODE_GLOBAL || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, thread_mode);
  return CUDA_SUCCESS;
}
