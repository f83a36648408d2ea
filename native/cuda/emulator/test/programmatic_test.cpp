// Programmatic dependent launch: what a launch that may overlap the one before it does before it waits, in streams and in graphs.
#include "driver_harness.h"

namespace gatun::emulator::driver_tests {

namespace {

struct Work {
  CUfunction set, add, behind, one, early;
  CUstream stream;
  CUdeviceptr x, y, z;

  void run(CUfunction function, bool programmatic, CUdeviceptr from, CUdeviceptr to) const {
    CUlaunchAttribute attribute = {};
    attribute.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
    attribute.value.programmaticStreamSerializationAllowed = programmatic;
    CUlaunchConfig config = {};
    config.gridDimX = 2;
    config.gridDimY = config.gridDimZ = config.blockDimY = config.blockDimZ = 1;
    config.blockDimX = 32;
    config.hStream = stream;
    config.attrs = &attribute;
    config.numAttrs = 1;
    Params params{from, to, 100, 1};
    void* parameters[] = {&params};
    OK(cuLaunchKernelEx(&config, function, parameters, nullptr));
  }
};

// Whether the work is faulty, and what is said of it, both as it stands and captured.
template <class Do>
void expect_fault(const char* says, const Do& work) {
  for (const bool captured : {false, true}) {
    Device device;
    Work all = {};
    all.set = device.set;
    all.add = device.add;
    OK(cuModuleGetFunction(&all.behind, device.module, "gatun_driver_add_behind"));
    OK(cuModuleGetFunction(&all.one, device.module, "gatun_driver_add_behind_one"));
    OK(cuModuleGetFunction(&all.early, device.module, "gatun_driver_add_early"));
    all.stream = stream();
    all.x = allocate(400);
    all.y = allocate(400);
    all.z = allocate(400);
    CUgraph graph = nullptr;
    CUgraphExec executable = nullptr;
    if (captured) OK(cuStreamBeginCapture_v2(all.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    work(all);
    if (captured) {
      OK(cuStreamEndCapture(all.stream, &graph));
      OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
      // The second launch comes behind all of the first.
      OK(cuGraphLaunch(executable, all.stream));
      OK(cuGraphLaunch(executable, all.stream));
    }
    EQUAL(cuStreamSynchronize(all.stream), says == nullptr ? CUDA_SUCCESS : CUDA_ERROR_LAUNCH_FAILED);
    if (says != nullptr && !last_fault_says(says)) {
      expect_equal(0, 1, says, __FILE__, __LINE__);
    }
    gatun_emulator_reset_faults();
    if (captured) {
      OK(cuGraphExecDestroy(executable));
      OK(cuGraphDestroy(graph));
    }
    OK(cuMemFree_v2(all.x));
    OK(cuMemFree_v2(all.y));
    OK(cuMemFree_v2(all.z));
    OK(cuStreamDestroy_v2(all.stream));
  }
}

void overlapping_launches_are_held_apart() {
  // Who waits may read, write and write again what the launch before it did.
  expect_fault(nullptr, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.behind, true, w.x, w.y);
    w.run(w.behind, true, w.y, w.x);
    w.run(w.one, true, w.x, w.y);
    w.run(w.early, true, w.y, w.x);
    w.run(w.behind, true, w.x, w.y);
    w.run(w.add, false, w.y, w.x);
  });
  const char* const unwaited = "which gatun_driver_set (operation";
  expect_fault(unwaited, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.add, true, w.x, w.y);
  });
  expect_fault("has not come by wait_for_prior_kernels", [](const Work& w) {
    w.run(w.set, true, 0, w.x);
    w.run(w.set, true, 0, w.x);
  });
  // What was read before is written.
  expect_fault("gatun_driver_add_behind (operation", [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.behind, true, w.x, w.y);
    w.run(w.set, true, 0, w.x);
  });
  // Nothing of the launch before it is touched: no fault, but then the next launch does not come behind that one either, though it waits.
  expect_fault(nullptr, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.set, true, 0, w.y);
  });
  expect_fault(unwaited, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.add, true, w.z, w.y);
    w.run(w.behind, true, w.x, w.z);
  });
  // The launch between let the last one start before it had waited itself.
  expect_fault(unwaited, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.early, true, w.y, w.z);
    w.run(w.set, true, 0, w.x);
  });
  expect_fault(nullptr, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.behind, true, w.y, w.z);
    w.run(w.set, true, 0, w.x);
  });
  // Only a launch right before is overlapped.
  expect_fault(nullptr, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    OK(cuMemsetD8Async(w.y, 0, 400, w.stream));
    w.run(w.add, true, w.x, w.y);
  });
  expect_fault(nullptr, [](const Work& w) {
    w.run(w.set, false, 0, w.x);
    w.run(w.add, false, w.x, w.y);
  });
}

void what_the_host_saw_end_is_not_overlapped() {
  Device device;
  const CUstream on = stream();
  const CUdeviceptr x = allocate(400);
  const Work work{device.set, device.add, nullptr, nullptr, nullptr, on, x, x, x};
  work.run(work.set, true, 0, x);
  OK(cuStreamSynchronize(on));
  work.run(work.set, true, 0, x);
  OK(cuStreamSynchronize(on));
  OK(cuMemFree_v2(x));
  OK(cuStreamDestroy_v2(on));
}

void a_kernel_for_this_device_runs() {
  Device device;
  CUfunction newer = nullptr;
  OK(cuModuleGetFunction(&newer, device.module, "gatun_driver_nothing_new"));
  OK(launch(newer, nullptr, {}));
  OK(cuStreamSynchronize(nullptr));
}

}  // namespace

}  // namespace gatun::emulator::driver_tests

int main() {
  using namespace gatun::emulator::driver_tests;
  setenv("GATUN_EMULATOR_ARCH", "90", 1);
  setenv("GATUN_EMULATOR_ASYNC", "late", 1);
  OK(cuInit(0));
  if (kernels_are_checked) {
    overlapping_launches_are_held_apart();
  }
  what_the_host_saw_end_is_not_overlapped();
  a_kernel_for_this_device_runs();
  std::printf("%d of %d cases passed\n", cases - failures, cases.load());
  return failures == 0 ? 0 : 1;
}
