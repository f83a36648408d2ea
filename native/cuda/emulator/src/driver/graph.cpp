#include "graph.h"

#include <algorithm>

#include "capture.h"

namespace gatun::emulator::driver {

namespace {

// With more steps than this, lanes are shared only along direct dependencies.
constexpr size_t most_compared = 8192;

// Adds the steps of a graph behind `before`, and gives the indices of those that end it.
bool spread(const Graph& graph, const std::vector<size_t>& before, std::vector<Step>& steps, std::vector<size_t>* ends) {
  const size_t count = graph.nodes.size();
  std::vector<size_t> waiting(count), order;
  std::vector<std::vector<size_t>> dependents(count), step_of(count);
  for (size_t i = 0; i < count; i++) {
    if (graph.nodes[i].destroyed) continue;
    waiting[i] = graph.nodes[i].dependencies.size();
    for (const size_t dependency : graph.nodes[i].dependencies) dependents[dependency].push_back(i);
    if (waiting[i] == 0) order.push_back(i);
  }
  for (size_t next = 0; next < order.size(); next++) {
    const Node& node = graph.nodes[order[next]];
    std::vector<size_t> behind;
    for (const size_t dependency : node.dependencies) behind.insert(behind.end(), step_of[dependency].begin(), step_of[dependency].end());
    if (node.dependencies.empty()) behind = before;
    if (const auto* child = std::get_if<Child>(&node.action->what)) {
      if (!spread(*child->graph, behind, steps, &step_of[order[next]])) return false;
      if (step_of[order[next]].empty()) step_of[order[next]] = behind;
    } else {
      Step step;
      step.action = node.action;
      step.dependencies = behind;
      for (const size_t dependency : behind) steps[dependency].leaf = false;
      step_of[order[next]] = {steps.size()};
      steps.push_back(std::move(step));
    }
    if (dependents[order[next]].empty()) ends->insert(ends->end(), step_of[order[next]].begin(), step_of[order[next]].end());
    for (const size_t dependent : dependents[order[next]]) {
      if (--waiting[dependent] == 0) order.push_back(dependent);
    }
  }
  return order.size() == graph.alive();
}

unsigned assign_lanes(std::vector<Step>& steps) {
  const bool compared = steps.size() <= most_compared;
  std::vector<std::vector<bool>> before(compared ? steps.size() : 0);
  std::vector<size_t> last;  // of each lane
  for (size_t i = 0; i < steps.size(); i++) {
    Step& step = steps[i];
    if (compared) {
      before[i].resize(i);
      for (const size_t dependency : step.dependencies) {
        before[i][dependency] = true;
        for (size_t j = 0; j < before[dependency].size(); j++) {
          if (before[dependency][j]) before[i][j] = true;
        }
      }
    }
    const auto behind = [&](size_t other) {
      return compared ? before[i][other] : std::find(step.dependencies.begin(), step.dependencies.end(), other) != step.dependencies.end();
    };
    const auto lane = std::find_if(last.begin(), last.end(), behind);
    step.lane = static_cast<unsigned>(lane - last.begin());
    if (lane == last.end()) {
      last.push_back(i);
    } else {
      *lane = i;
    }
  }
  return std::max<unsigned>(1, static_cast<unsigned>(last.size()));
}

bool same_memory(const Place& one, const Place& other) {
  return (one.block == nullptr) == (other.block == nullptr) && (one.block == nullptr || one.block->host == other.block->host);
}

}  // namespace

size_t Graph::alive() const {
  return static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(), [](const Node& node) { return !node.destroyed; }));
}

CUgraphNodeType type_of(const Action& action) {
  static const CUgraphNodeType types[] = {CU_GRAPH_NODE_TYPE_EMPTY,        CU_GRAPH_NODE_TYPE_KERNEL,     CU_GRAPH_NODE_TYPE_MEMCPY,
                                          CU_GRAPH_NODE_TYPE_MEMSET,       CU_GRAPH_NODE_TYPE_HOST,       CU_GRAPH_NODE_TYPE_EVENT_RECORD,
                                          CU_GRAPH_NODE_TYPE_WAIT_EVENT,   CU_GRAPH_NODE_TYPE_MEM_ALLOC,  CU_GRAPH_NODE_TYPE_MEM_FREE,
                                          CU_GRAPH_NODE_TYPE_GRAPH};
  return types[action.what.index()];
}

size_t add_node(Driver& driver, Graph& graph, CUgraphNodeType type, std::shared_ptr<const Action> action, std::vector<size_t> dependencies) {
  auto of = std::make_shared<NodeOf>();
  of->graph = &graph;
  of->index = graph.nodes.size();
  Node node;
  node.handle = driver.nodes.add(of);
  node.type = type;
  node.action = std::move(action);
  node.dependencies = std::move(dependencies);
  graph.nodes.push_back(std::move(node));
  return of->index;
}

std::shared_ptr<Graph> create_graph(Driver& driver, uint64_t context_id) {
  auto graph = std::make_shared<Graph>();
  graph->context_id = context_id;
  graph->handle = driver.graphs.add(graph);
  return graph;
}

void destroy_graph(Driver& driver, Graph& graph) {
  for (const Node& node : graph.nodes) driver.nodes.remove(node.handle);
  driver.graphs.remove(graph.handle);
}

std::shared_ptr<Graph> copy_of(const Graph& graph) {
  auto copy = std::make_shared<Graph>(graph);
  copy->handle = nullptr;
  return copy;
}

bool prepare_steps(GraphExec& executable) {
  std::vector<Step> steps;
  std::vector<size_t> ends;
  if (!spread(*executable.source, {}, steps, &ends)) return false;
  executable.lanes = assign_lanes(steps);
  executable.steps = std::move(steps);
  return true;
}

CUgraphExecUpdateResult compare(const Graph& now, const Graph& next, void** changed) {
  *changed = nullptr;
  if (now.nodes.size() != next.nodes.size()) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  for (size_t i = 0; i < now.nodes.size(); i++) {
    const Node &was = now.nodes[i], &is = next.nodes[i];
    *changed = is.handle;
    if (was.destroyed != is.destroyed || was.dependencies != is.dependencies) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    if (was.type != is.type) return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    if (const auto* copy = std::get_if<Copy>(&is.action->what)) {
      const auto& old = std::get<Copy>(was.action->what);
      if (!same_memory(old.to, copy->to) || !same_memory(old.from, copy->from)) return CU_GRAPH_EXEC_UPDATE_ERROR_PARAMETERS_CHANGED;
    }
    if (const auto* child = std::get_if<Child>(&is.action->what)) {
      const CUgraphExecUpdateResult inside = compare(*std::get<Child>(was.action->what).graph, *child->graph, changed);
      if (inside != CU_GRAPH_EXEC_UPDATE_SUCCESS) return inside;
    }
  }
  *changed = nullptr;
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

CUresult launch_steps(Entry& entry, Stream& stream, GraphExec& executable) {
  Driver& driver = entry.driver;
  for (const Step& step : executable.steps) {
    const auto* launch = std::get_if<KernelLaunch>(&step.action->what);
    if (launch != nullptr && driver.functions.find(launch->function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  }
  while (stream.graph_tracks.size() + 1 < executable.lanes) stream.graph_tracks.push_back(driver.scheduler.open_track());
  auto before = stream_order(stream);
  before.push_back(executable.last);
  std::vector<std::shared_ptr<Operation>> operations, ends;
  operations.reserve(executable.steps.size());
  for (const Step& step : executable.steps) {
    auto operation = std::make_shared<Operation>();
    operation->action = step.action;
    operation->context = stream.context;
    operation->stream = stream.number;
    operation->track = step.lane == 0 ? stream.track : stream.graph_tracks[step.lane - 1];
    std::vector<std::shared_ptr<Operation>> behind;
    for (const size_t dependency : step.dependencies) behind.push_back(operations[dependency]);
    if (step.dependencies.empty()) behind = before;
    operation->may_overlap = !step.dependencies.empty();
    if (const auto* wait = std::get_if<Wait>(&step.action->what)) behind.push_back(wait->event->recorded);
    if (const auto* record = std::get_if<Record>(&step.action->what)) {
      record->event->recorded = operation;
      record->event->captured = false;
    }
    driver.scheduler.enter(entry.lock, operation, behind);
    if (step.leaf) ends.push_back(operation);
    operations.push_back(std::move(operation));
  }
  if (ends.empty()) ends = before;
  auto end = std::make_shared<Operation>();
  end->action = action(Nothing{});
  end->context = stream.context;
  end->stream = stream.number;
  end->track = stream.track;
  driver.scheduler.enter(entry.lock, end, ends);
  stream.tail = end;
  executable.last = end;
  return CUDA_SUCCESS;
}

}  // namespace gatun::emulator::driver
