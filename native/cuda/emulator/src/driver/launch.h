// What a launch must satisfy, and what of it is kept until it runs.
#pragma once

#include "driver.h"

namespace gatun::emulator::driver {

// Checks a launch as the device would and copies its parameters.
CUresult make_launch(Entry& entry, void* function, const CUlaunchConfig& config, void** parameters, void** extra, KernelLaunch* launch);

}  // namespace gatun::emulator::driver
