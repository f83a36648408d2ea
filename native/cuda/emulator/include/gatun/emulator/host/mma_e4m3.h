// The host form of gatun/mma_e4m3.cuh.
#pragma once

#include "gatun/emulator/host/more_calls.h"

namespace gatun {

static inline void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], GATUN_PLACE) {
  emulator::multiply(emulator::kMmaE4m3, d, a, b, file, line);
}

}  // namespace gatun
