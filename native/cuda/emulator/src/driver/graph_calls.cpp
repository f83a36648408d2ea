// Graphs built by hand, and graphs made ready, changed and launched.
#include <algorithm>

#include "capture.h"
#include "graph.h"
#include "launch.h"

using namespace gatun::emulator::driver;

namespace {

// The indices of a graph's nodes by their handles; false if one is not of this graph.
bool indices(Entry& entry, const Graph& graph, const CUgraphNode* handles, size_t count, std::vector<size_t>* found) {
  if (count > 0 && handles == nullptr) return false;
  for (size_t i = 0; i < count; i++) {
    const auto node = entry.driver.nodes.find(handles[i]);
    if (node == nullptr || node->graph != &graph) return false;
    found->push_back(node->index);
  }
  std::sort(found->begin(), found->end());
  return std::adjacent_find(found->begin(), found->end()) == found->end();
}

CUresult add(Entry& entry, CUgraphNode* node, CUgraph handle, const CUgraphNode* dependencies, size_t count, std::shared_ptr<const Action> what) {
  const auto graph = entry.driver.graphs.find(handle);
  std::vector<size_t> behind;
  if (node == nullptr || graph == nullptr || !indices(entry, *graph, dependencies, count, &behind)) return CUDA_ERROR_INVALID_VALUE;
  const CUgraphNodeType type = type_of(*what);
  const size_t index = add_node(entry.driver, *graph, type, std::move(what), std::move(behind));
  *node = static_cast<CUgraphNode>(graph->nodes[index].handle);
  return CUDA_SUCCESS;
}

CUresult kernel_action(Entry& entry, const CUDA_KERNEL_NODE_PARAMS* p, std::shared_ptr<const Action>* made) {
  if (p == nullptr) return CUDA_ERROR_INVALID_VALUE;
  CUlaunchConfig config = {};
  config.gridDimX = p->gridDimX;
  config.gridDimY = p->gridDimY;
  config.gridDimZ = p->gridDimZ;
  config.blockDimX = p->blockDimX;
  config.blockDimY = p->blockDimY;
  config.blockDimZ = p->blockDimZ;
  config.sharedMemBytes = p->sharedMemBytes;
  KernelLaunch launch;
  const CUresult result = make_launch(entry, p->func != nullptr ? static_cast<void*>(p->func) : p->kern, config, p->kernelParams, p->extra, &launch);
  if (result == CUDA_SUCCESS) *made = action(std::move(launch));
  return result;
}

// Gives handles as the driver API does: their number alone, or as many as there is room for.
CUresult give(const std::vector<void*>& handles, CUgraphNode* nodes, size_t* count) {
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (nodes != nullptr) {
    for (size_t i = 0; i < *count; i++) nodes[i] = i < handles.size() ? static_cast<CUgraphNode>(handles[i]) : nullptr;
    *count = std::min(*count, handles.size());
  } else {
    *count = handles.size();
  }
  return CUDA_SUCCESS;
}

CUresult instantiate(Entry& entry, CUgraphExec* executable, CUgraph handle, unsigned long long flags) {
  const auto graph = entry.driver.graphs.find(handle);
  if (executable == nullptr || graph == nullptr || flags > 15) return CUDA_ERROR_INVALID_VALUE;
  if ((flags & CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH) != 0) return CUDA_ERROR_NOT_SUPPORTED;
  auto made = std::make_shared<GraphExec>();
  made->context = entry.context;
  made->context_id = entry.context->id;
  made->flags = flags;
  made->source = copy_of(*graph);
  if (!prepare_steps(*made)) return CUDA_ERROR_INVALID_VALUE;
  *executable = static_cast<CUgraphExec>(entry.driver.executables.add(made));
  return CUDA_SUCCESS;
}

// Puts an action in the place of a node's, in the copy that an executable keeps.
CUresult replace(Entry& entry, CUgraphExec handle, CUgraphNode node, CUgraphNodeType type, std::shared_ptr<const Action> what) {
  const auto executable = entry.driver.executables.find(handle);
  if (executable == nullptr) return CUDA_ERROR_INVALID_VALUE;
  auto& nodes = executable->source->nodes;
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& one) { return !one.destroyed && one.handle == node; });
  if (found == nodes.end() || found->type != type) return CUDA_ERROR_INVALID_VALUE;
  found->action = std::move(what);
  return prepare_steps(*executable) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuGraphCreate, (CUgraph * graph, unsigned flags)) {
  GATUN_ENTER(cuGraphCreate, needs_context);
  if (graph == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  *graph = static_cast<CUgraph>(create_graph(entry.driver, entry.context->id)->handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphDestroy, (CUgraph handle)) {
  GATUN_ENTER(cuGraphDestroy, needs_context | gives_back);
  const auto graph = entry.driver.graphs.find(handle);
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  destroy_graph(entry.driver, *graph);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuGraphClone, (CUgraph * clone, CUgraph handle)) {
  GATUN_ENTER(cuGraphClone, needs_context);
  const auto graph = entry.driver.graphs.find(handle);
  if (clone == nullptr || graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto made = create_graph(entry.driver, graph->context_id);
  for (const Node& node : graph->nodes) {
    const size_t index = add_node(entry.driver, *made, node.type, node.action, node.dependencies);
    made->nodes[index].destroyed = node.destroyed;
  }
  *clone = static_cast<CUgraph>(made->handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphAddKernelNode_v2,
                      (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count, const CUDA_KERNEL_NODE_PARAMS* p)) {
  GATUN_ENTER(cuGraphAddKernelNode_v2, needs_context);
  std::shared_ptr<const Action> launch;
  const CUresult result = kernel_action(entry, p, &launch);
  return result == CUDA_SUCCESS ? add(entry, node, graph, dependencies, count, launch) : result;
}

GATUN_DRIVER_FUNCTION(cuGraphAddMemsetNode, (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                                             const CUDA_MEMSET_NODE_PARAMS* p, CUcontext context)) {
  GATUN_ENTER(cuGraphAddMemsetNode, needs_context);
  if (p == nullptr || p->width == 0 || p->height == 0) return CUDA_ERROR_INVALID_VALUE;
  if (p->elementSize != 1 && p->elementSize != 2 && p->elementSize != 4) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.contexts.find(context) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  Fill fill;
  fill.value = p->value;
  fill.value_bytes = p->elementSize;
  fill.bytes = p->width * p->elementSize;
  fill.rows = p->height;
  fill.to.address = p->dst;
  fill.to.pitch = p->height == 1 ? fill.bytes : p->pitch;
  if (fill.to.pitch < fill.bytes) return CUDA_ERROR_INVALID_VALUE;
  fill.to.block = Arena::get().owner(p->dst, fill.to.pitch * (fill.rows - 1) + fill.bytes);
  if (fill.to.block == nullptr) return CUDA_ERROR_INVALID_VALUE;
  fill.to.id = fill.to.block->id;
  return add(entry, node, graph, dependencies, count, action(fill));
}

GATUN_DRIVER_FUNCTION(cuGraphAddHostNode,
                      (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count, const CUDA_HOST_NODE_PARAMS* p)) {
  GATUN_ENTER(cuGraphAddHostNode, needs_context);
  if (p == nullptr || p->fn == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return add(entry, node, graph, dependencies, count, action(HostCall{p->fn, p->userData}));
}

GATUN_DRIVER_FUNCTION(cuGraphAddEmptyNode, (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count)) {
  GATUN_ENTER(cuGraphAddEmptyNode, needs_context);
  return add(entry, node, graph, dependencies, count, action(Nothing{}));
}

GATUN_DRIVER_FUNCTION(cuGraphAddChildGraphNode, (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count, CUgraph child)) {
  GATUN_ENTER(cuGraphAddChildGraphNode, needs_context);
  const auto inside = entry.driver.graphs.find(child);
  if (inside == nullptr || child == graph) return CUDA_ERROR_INVALID_VALUE;
  return add(entry, node, graph, dependencies, count, action(Child{copy_of(*inside)}));
}

GATUN_DRIVER_FUNCTION(cuGraphAddDependencies_v2,
                      (CUgraph handle, const CUgraphNode* from, const CUgraphNode* to, const CUgraphEdgeData*, size_t count)) {
  GATUN_ENTER(cuGraphAddDependencies_v2, needs_context);
  const auto graph = entry.driver.graphs.find(handle);
  if (graph == nullptr || (count > 0 && (from == nullptr || to == nullptr))) return CUDA_ERROR_INVALID_VALUE;
  std::vector<std::pair<size_t, size_t>> edges;
  for (size_t i = 0; i < count; i++) {
    const auto first = entry.driver.nodes.find(from[i]), second = entry.driver.nodes.find(to[i]);
    if (first == nullptr || second == nullptr || first->graph != graph.get() || second->graph != graph.get() || first->index == second->index) {
      return CUDA_ERROR_INVALID_VALUE;
    }
    const auto& behind = graph->nodes[second->index].dependencies;
    if (std::find(behind.begin(), behind.end(), first->index) != behind.end()) return CUDA_ERROR_INVALID_VALUE;
    edges.emplace_back(first->index, second->index);
  }
  for (const auto& [first, second] : edges) {
    auto& behind = graph->nodes[second].dependencies;
    behind.insert(std::upper_bound(behind.begin(), behind.end(), first), first);
  }
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphDestroyNode, (CUgraphNode handle)) {
  GATUN_ENTER(cuGraphDestroyNode, needs_context | gives_back);
  const auto node = entry.driver.nodes.find(handle);
  if (node == nullptr) return CUDA_ERROR_INVALID_VALUE;
  auto& nodes = node->graph->nodes;
  nodes[node->index].destroyed = true;
  nodes[node->index].dependencies.clear();
  for (Node& other : nodes) {
    auto& behind = other.dependencies;
    behind.erase(std::remove(behind.begin(), behind.end(), node->index), behind.end());
  }
  entry.driver.nodes.remove(handle);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuGraphGetNodes, (CUgraph handle, CUgraphNode* nodes, size_t* count)) {
  GATUN_ENTER(cuGraphGetNodes, needs_context);
  const auto graph = entry.driver.graphs.find(handle);
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::vector<void*> handles;
  for (const Node& node : graph->nodes) {
    if (!node.destroyed) handles.push_back(node.handle);
  }
  return give(handles, nodes, count);
}

GATUN_DRIVER_FUNCTION(cuGraphGetRootNodes, (CUgraph handle, CUgraphNode* nodes, size_t* count)) {
  GATUN_ENTER(cuGraphGetRootNodes, needs_context);
  const auto graph = entry.driver.graphs.find(handle);
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::vector<void*> handles;
  for (const Node& node : graph->nodes) {
    if (!node.destroyed && node.dependencies.empty()) handles.push_back(node.handle);
  }
  return give(handles, nodes, count);
}

GATUN_DRIVER_FUNCTION(cuGraphGetEdges_v2, (CUgraph handle, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edges, size_t* count)) {
  GATUN_ENTER(cuGraphGetEdges_v2, needs_context);
  const auto graph = entry.driver.graphs.find(handle);
  if (graph == nullptr || count == nullptr || (from == nullptr) != (to == nullptr)) return CUDA_ERROR_INVALID_VALUE;
  std::vector<void*> firsts, seconds;
  for (const Node& node : graph->nodes) {
    for (const size_t behind : node.dependencies) {
      firsts.push_back(graph->nodes[behind].handle);
      seconds.push_back(node.handle);
    }
  }
  if (edges != nullptr) std::fill(edges, edges + std::min(*count, firsts.size()), CUgraphEdgeData{});
  size_t first_count = *count;
  give(firsts, from, &first_count);
  return give(seconds, to, count);
}

GATUN_DRIVER_FUNCTION(cuGraphNodeGetType, (CUgraphNode handle, CUgraphNodeType* type)) {
  GATUN_ENTER(cuGraphNodeGetType, needs_context);
  const auto node = entry.driver.nodes.find(handle);
  if (node == nullptr || type == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *type = node->graph->nodes[node->index].type;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphNodeGetDependencies_v2, (CUgraphNode handle, CUgraphNode* dependencies, CUgraphEdgeData* edges, size_t* count)) {
  GATUN_ENTER(cuGraphNodeGetDependencies_v2, needs_context);
  const auto node = entry.driver.nodes.find(handle);
  if (node == nullptr || count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::vector<void*> handles;
  for (const size_t behind : node->graph->nodes[node->index].dependencies) handles.push_back(node->graph->nodes[behind].handle);
  if (edges != nullptr) std::fill(edges, edges + std::min(*count, handles.size()), CUgraphEdgeData{});
  return give(handles, dependencies, count);
}

GATUN_DRIVER_FUNCTION(cuGraphKernelNodeGetParams_v2, (CUgraphNode handle, CUDA_KERNEL_NODE_PARAMS* p)) {
  GATUN_ENTER(cuGraphKernelNodeGetParams_v2, needs_context);
  const auto of = entry.driver.nodes.find(handle);
  if (of == nullptr || p == nullptr) return CUDA_ERROR_INVALID_VALUE;
  Node& node = of->graph->nodes[of->index];
  const auto* launch = std::get_if<KernelLaunch>(&node.action->what);
  if (launch == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto& spec = launch->spec;
  node.parameter = const_cast<unsigned char*>(spec.params.data());
  *p = {};
  p->func = static_cast<CUfunction>(launch->function);
  p->gridDimX = spec.grid.x;
  p->gridDimY = spec.grid.y;
  p->gridDimZ = spec.grid.z;
  p->blockDimX = spec.block.x;
  p->blockDimY = spec.block.y;
  p->blockDimZ = spec.block.z;
  p->sharedMemBytes = static_cast<unsigned>(spec.dynamic_shared);
  p->kernelParams = &node.parameter;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphKernelNodeSetParams_v2, (CUgraphNode handle, const CUDA_KERNEL_NODE_PARAMS* p)) {
  GATUN_ENTER(cuGraphKernelNodeSetParams_v2, needs_context);
  const auto of = entry.driver.nodes.find(handle);
  if (of == nullptr || of->graph->nodes[of->index].type != CU_GRAPH_NODE_TYPE_KERNEL) return CUDA_ERROR_INVALID_VALUE;
  return kernel_action(entry, p, &of->graph->nodes[of->index].action);
}

GATUN_DRIVER_FUNCTION(cuGraphInstantiateWithFlags, (CUgraphExec * executable, CUgraph graph, unsigned long long flags)) {
  GATUN_ENTER(cuGraphInstantiateWithFlags, needs_context);
  return instantiate(entry, executable, graph, flags);
}

GATUN_DRIVER_FUNCTION(cuGraphInstantiateWithParams, (CUgraphExec * executable, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS* p)) {
  GATUN_ENTER(cuGraphInstantiateWithParams, needs_context);
  if (p == nullptr) return CUDA_ERROR_INVALID_VALUE;
  p->hErrNode_out = nullptr;
  const CUresult result = instantiate(entry, executable, graph, p->flags);
  p->result_out = result == CUDA_SUCCESS ? 0 : 1;
  return result;
}

GATUN_DRIVER_FUNCTION(cuGraphExecGetFlags, (CUgraphExec handle, uint64_t* flags)) {
  GATUN_ENTER(cuGraphExecGetFlags, needs_context);
  const auto executable = entry.driver.executables.find(handle);
  if (executable == nullptr || flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *flags = executable->flags;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphExecDestroy, (CUgraphExec handle)) {
  GATUN_ENTER(cuGraphExecDestroy, needs_context | gives_back);
  if (entry.driver.executables.find(handle) == nullptr) return CUDA_ERROR_INVALID_VALUE;
  entry.driver.executables.remove(handle);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuGraphExecUpdate_v2, (CUgraphExec handle, CUgraph next, CUgraphExecUpdateResultInfo* info)) {
  GATUN_ENTER(cuGraphExecUpdate_v2, needs_context);
  const auto executable = entry.driver.executables.find(handle);
  const auto graph = entry.driver.graphs.find(next);
  if (executable == nullptr || graph == nullptr || info == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *info = {};
  void* changed = nullptr;
  info->result = compare(*executable->source, *graph, &changed);
  info->errorNode = static_cast<CUgraphNode>(changed);
  if (info->result != CU_GRAPH_EXEC_UPDATE_SUCCESS) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  for (size_t i = 0; i < graph->nodes.size(); i++) executable->source->nodes[i].action = graph->nodes[i].action;
  prepare_steps(*executable);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphExecKernelNodeSetParams_v2, (CUgraphExec executable, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* p)) {
  GATUN_ENTER(cuGraphExecKernelNodeSetParams_v2, needs_context);
  std::shared_ptr<const Action> launch;
  const CUresult result = kernel_action(entry, p, &launch);
  return result == CUDA_SUCCESS ? replace(entry, executable, node, CU_GRAPH_NODE_TYPE_KERNEL, launch) : result;
}

GATUN_DRIVER_FUNCTION(cuGraphExecChildGraphNodeSetParams, (CUgraphExec handle, CUgraphNode node, CUgraph child)) {
  GATUN_ENTER(cuGraphExecChildGraphNodeSetParams, needs_context);
  const auto executable = entry.driver.executables.find(handle);
  const auto inside = entry.driver.graphs.find(child);
  if (executable == nullptr || inside == nullptr) return CUDA_ERROR_INVALID_VALUE;
  for (const Node& one : executable->source->nodes) {
    if (one.handle != node || one.destroyed || one.type != CU_GRAPH_NODE_TYPE_GRAPH) continue;
    void* changed;
    if (compare(*std::get<Child>(one.action->what).graph, *inside, &changed) != CU_GRAPH_EXEC_UPDATE_SUCCESS) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  }
  return replace(entry, handle, node, CU_GRAPH_NODE_TYPE_GRAPH, action(Child{copy_of(*inside)}));
}

GATUN_DRIVER_FUNCTION(cuGraphUpload, (CUgraphExec handle, CUstream stream)) {
  GATUN_ENTER(cuGraphUpload, needs_context);
  if (entry.driver.executables.find(handle) == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto on = stream_of(entry, stream);
  if (on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return on->capture != nullptr ? invalidate(*on) : CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGraphLaunch, (CUgraphExec handle, CUstream stream)) {
  GATUN_ENTER(cuGraphLaunch, needs_context);
  const auto executable = entry.driver.executables.find(handle);
  if (executable == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto on = stream_of(entry, stream);
  if (on == nullptr || on->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  if (executable->context != entry.context || executable->context_id != entry.context->id) return CUDA_ERROR_INVALID_CONTEXT;
  if (on->capture != nullptr) return capture_action(*on, action(Child{executable->source}));
  const CUresult forbidden = refuse_legacy_use(*on);
  return forbidden == CUDA_SUCCESS ? launch_steps(entry, *on, *executable) : forbidden;
}
