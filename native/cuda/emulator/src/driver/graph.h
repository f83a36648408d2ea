// Graphs of actions, and what is made of them to be launched.
#pragma once

#include "driver.h"

namespace gatun::emulator::driver {

struct Graph {};
struct GraphExec {};

}  // namespace gatun::emulator::driver
