// Streams under capture: what is given to them becomes nodes of a graph instead of running.
#pragma once

#include <thread>

#include "driver.h"

namespace gatun::emulator::driver {

struct Capture {
  std::shared_ptr<Graph> graph;
  std::vector<Stream*> members;      // the first one is where it began; null when that was destroyed
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  uint64_t id = 0;
  bool invalid = false;
};

// What a call that is unsafe while work is captured answers now: an error if a capture forbids it, which then is invalid.
CUresult refuse_unsafe_call();

// The legacy stream may not be used while a stream that synchronises with it is captured.
CUresult refuse_legacy_use(Stream& stream);

// Adds a node behind those the stream stands at.
CUresult capture_action(Stream& stream, std::shared_ptr<const Action> action);

// An event recorded in a stream under capture names the nodes it stands at; a stream that waits for it stands behind them, and joins the capture.
CUresult capture_record(Stream& stream, Event& event);
CUresult capture_wait(Stream& stream, Event& event);

// A call that a capturing stream forbids spoils the capture. Each gives the call's result.
CUresult invalidate(Stream& stream);
CUresult refuse_captured(Event& event);
void abandon_capture(Stream& stream);

// An operation of a stream: behind the stream's last one, and what the legacy stream's rules add.
void enter_in_stream(Entry& entry, Stream& stream, const std::shared_ptr<Operation>& operation, const std::shared_ptr<Operation>& also = nullptr);
std::vector<std::shared_ptr<Operation>> stream_order(Stream& stream);

}  // namespace gatun::emulator::driver
