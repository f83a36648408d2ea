#include "capture.h"

namespace gatun::emulator::driver {

CUresult refuse_unsafe_call() { return CUDA_SUCCESS; }
CUresult refuse_legacy_use(Stream&) { return CUDA_SUCCESS; }
CUresult capture_action(Stream&, std::shared_ptr<const Action>) { return CUDA_ERROR_NOT_SUPPORTED; }
CUresult capture_record(Stream&, Event&) { return CUDA_ERROR_NOT_SUPPORTED; }
CUresult capture_wait(Stream&, Event&) { return CUDA_ERROR_NOT_SUPPORTED; }
CUresult invalidate(Stream&) { return CUDA_ERROR_NOT_SUPPORTED; }
CUresult refuse_captured(Event&) { return CUDA_ERROR_NOT_SUPPORTED; }
void abandon_capture(Stream&) {}

}  // namespace gatun::emulator::driver
