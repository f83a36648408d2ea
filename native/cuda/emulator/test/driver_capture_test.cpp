// Capture and graphs.
#include "driver_harness.h"

namespace gatun::emulator::driver_tests {

void streams_are_captured() {
  Device device;
  const CUstream a = stream(), b = stream();
  const CUdeviceptr x = allocate(4000), y = allocate(4000), z = allocate(4000);
  const CUevent fork = event(), join = event();
  CUstreamCaptureStatus status;
  CUgraph graph;
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EQUAL(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_ERROR_ILLEGAL_STATE);
  OK(cuStreamIsCapturing(a, &status));
  EQUAL(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  OK(launch(device.set, a, {0, x, 1000, 1}));
  OK(cuEventRecord(fork, a));
  OK(cuStreamWaitEvent(b, fork, 0));
  OK(launch(device.add, b, {x, y, 1000, 1}));
  OK(launch(device.add, a, {x, z, 1000, 2}));
  OK(cuEventRecord(join, b));
  OK(cuStreamWaitEvent(a, join, 0));
  OK(launch(device.add, a, {y, z, 1000, 10}));
  EQUAL(cuStreamEndCapture(b, &graph), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  TRUE(graph == nullptr);
  EQUAL(gatun_emulator_live("graphs"), 0);
  const auto capture = [&](float value, bool more) {
    CUgraph made = nullptr;
    OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    OK(launch(device.set, a, {0, x, 1000, value}));
    OK(cuEventRecord(fork, a));
    OK(cuStreamWaitEvent(b, fork, 0));
    OK(launch(device.add, b, {x, y, 1000, 1}));
    OK(launch(device.add, a, {x, z, 1000, 2}));
    OK(cuEventRecord(join, b));
    OK(cuStreamWaitEvent(a, join, 0));
    OK(launch(device.add, a, {y, z, 1000, 10}));
    if (more) OK(cuMemsetD8Async(x, 0, 4000, a));
    OK(cuStreamEndCapture(a, &made));
    return made;
  };
  graph = capture(1, false);
  size_t count = 0;
  OK(cuGraphGetNodes(graph, nullptr, &count));
  EQUAL(count, 4);
  CUgraphNode nodes[4];
  OK(cuGraphGetNodes(graph, nodes, &count));
  OK(cuGraphNodeGetDependencies_v2(nodes[3], nullptr, nullptr, &count));
  EQUAL(count, 2);
  CUgraphNodeType type = -1;
  OK(cuGraphNodeGetType(nodes[0], &type));
  EQUAL(type, CU_GRAPH_NODE_TYPE_KERNEL);
  CUgraphExec executable;
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphUpload(executable, a));
  // Nothing has run yet.
  EQUAL(gatun_emulator_live("pending"), 0);
  for (unsigned round = 0; round < 20; round++) {
    gatun_emulator_seed(round);
    OK(cuMemsetD8Async(z, 0, 4000, a));
    OK(cuGraphLaunch(executable, a));
    OK(cuStreamSynchronize(a));
    TRUE(all(read(z, 1000), 12));
  }
  CUgraphExecUpdateResultInfo info;
  const CUgraph next = capture(5, false), longer = capture(5, true);
  EQUAL(cuGraphExecUpdate_v2(executable, longer, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EQUAL(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  OK(cuGraphExecUpdate_v2(executable, next, &info));
  OK(cuGraphLaunch(executable, a));
  OK(cuStreamSynchronize(a));
  TRUE(all(read(z, 1000), 16));
  CUDA_KERNEL_NODE_PARAMS p;
  OK(cuGraphKernelNodeGetParams_v2(nodes[0], &p));
  TRUE(p.func == device.set);
  EQUAL(p.gridDimX, 2);
  Params changed = *static_cast<Params*>(p.kernelParams[0]);
  EQUAL(changed.value, 1);
  changed.value = 100;
  void* parameters[] = {&changed};
  p.kernelParams = parameters;
  OK(cuGraphExecKernelNodeSetParams_v2(executable, nodes[0], &p));
  OK(cuGraphLaunch(executable, a));
  OK(cuGraphLaunch(executable, b));
  OK(cuCtxSynchronize());
  TRUE(all(read(z, 1000), 111));
  OK(cuGraphDestroy(graph));
  EQUAL(cuGraphDestroy(graph), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphDestroy(next));
  OK(cuGraphDestroy(longer));
  OK(cuGraphLaunch(executable, a));
  OK(cuGraphExecDestroy(executable));
  OK(cuStreamSynchronize(a));
  EQUAL(cuGraphLaunch(executable, a), CUDA_ERROR_INVALID_VALUE);
  EQUAL(gatun_emulator_live("graphs"), 0);
  EQUAL(gatun_emulator_live("graph_execs"), 0);
  OK(cuEventDestroy_v2(fork));
  OK(cuEventDestroy_v2(join));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
  OK(cuMemFree_v2(z));
  OK(cuStreamDestroy_v2(a));
  OK(cuStreamDestroy_v2(b));
}

void a_branch_without_join_is_found() {
  Device device;
  CUgraph graph, child;
  OK(cuGraphCreate(&graph, 0));
  OK(cuGraphCreate(&child, 0));
  const CUdeviceptr x = allocate(4000), y = allocate(4000);
  Params set = {0, x, 1000, 1}, add = {x, y, 1000, 1};
  void* set_parameters[] = {&set};
  void* add_parameters[] = {&add};
  const CUDA_KERNEL_NODE_PARAMS first = {device.set, 2, 1, 1, 32, 1, 1, 0, set_parameters, nullptr, nullptr, nullptr};
  const CUDA_KERNEL_NODE_PARAMS second = {device.add, 2, 1, 1, 32, 1, 1, 0, add_parameters, nullptr, nullptr, nullptr};
  CUgraphNode node, other;
  OK(cuGraphAddKernelNode_v2(&node, child, nullptr, 0, &first));
  OK(cuGraphAddKernelNode_v2(&other, child, nullptr, 0, &second));
  OK(cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  CUgraphExec executable;
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphLaunch(executable, nullptr));
  EQUAL(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
  TRUE(last_fault_says("missing stream order"));
  TRUE(last_fault_says("gatun_driver_set"));
  TRUE(last_fault_says("gatun_driver_add"));
  gatun_emulator_reset_faults();
  OK(cuGraphExecDestroy(executable));
  CUgraphNode from, to;
  size_t count = 2;
  CUgraphNode both[2];
  OK(cuGraphGetNodes(child, both, &count));
  from = both[0];
  to = both[1];
  OK(cuGraphAddDependencies_v2(child, &from, &to, nullptr, 1));
  OK(cuGraphDestroyNode(node));
  OK(cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphLaunch(executable, nullptr));
  OK(cuCtxSynchronize());
  TRUE(all(read(y, 1000), 2));
  OK(cuGraphAddDependencies_v2(child, &to, &from, nullptr, 1));
  CUgraphExec circle;
  EQUAL(cuGraphInstantiateWithFlags(&circle, child, 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphExecDestroy(executable));
  OK(cuGraphDestroy(child));
  OK(cuGraphDestroy(graph));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
}

void captures_forbid_what_they_must() {
  Device device;
  const CUstream a = stream(), b = stream(), blocking = stream(0);
  const CUdeviceptr x = allocate(4000);
  const CUevent e = event();
  CUgraph graph;
  CUdeviceptr address;
  const auto spoiled = [&](CUstream s) {
    CUstreamCaptureStatus status;
    OK(cuStreamIsCapturing(s, &status));
    EQUAL(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
    EQUAL(launch(device.set, s, {0, x, 1, 1}), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EQUAL(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    OK(cuStreamIsCapturing(s, &status));
    EQUAL(status, CU_STREAM_CAPTURE_STATUS_NONE);
  };
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_ILLEGAL_STATE);
  EQUAL(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EQUAL(cuStreamSynchronize(a), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuMemAlloc_v2(&address, 4));
  OK(cuMemFree_v2(address));
  OK(cuStreamEndCapture(a, &graph));
  OK(cuGraphDestroy(graph));
  OK(cuStreamBeginCapture_v2(blocking, CU_STREAM_CAPTURE_MODE_RELAXED));
  EQUAL(launch(device.set, nullptr, {0, x, 1, 1}), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  spoiled(blocking);
  OK(cuEventRecord(e, b));
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  EQUAL(cuStreamWaitEvent(a, e, 0), CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuEventRecord(e, a));
  EQUAL(cuEventQuery(e), CUDA_ERROR_CAPTURED_EVENT);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuEventRecord(e, a));
  OK(cuStreamWaitEvent(b, e, 0));
  OK(launch(device.set, b, {0, x, 1, 1}));
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  std::thread([&] {
    OK(cuCtxSetCurrent(device.context));
    CUgraph none;
    EQUAL(cuStreamEndCapture(a, &none), CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
    CUdeviceptr other;
    OK(cuMemAlloc_v2(&other, 4));
    OK(cuMemFree_v2(other));
  }).join();
  OK(cuStreamEndCapture(a, &graph));
  OK(cuGraphDestroy(graph));
  // A stream that is captured when it is destroyed leaves nothing behind.
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  OK(cuStreamDestroy_v2(a));
  EQUAL(gatun_emulator_live("graphs"), 0);
  OK(cuEventDestroy_v2(e));
  OK(cuMemFree_v2(x));
  OK(cuStreamDestroy_v2(b));
  OK(cuStreamDestroy_v2(blocking));
}

}  // namespace gatun::emulator::driver_tests
