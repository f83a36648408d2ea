// Graphs of actions, and what is made of them to be launched.
#pragma once

#include <map>

#include "driver.h"

namespace gatun::emulator::driver {

struct Node {
  void* handle = nullptr;
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  std::shared_ptr<const Action> action;
  std::vector<size_t> dependencies;  // indices of nodes
  bool destroyed = false;
  void* parameter = nullptr;         // what cuGraphKernelNodeGetParams points at
};

struct Graph {
  void* handle = nullptr;
  uint64_t context_id = 0;
  std::vector<Node> nodes;           // in the order they were added; indices stay

  size_t alive() const;
};

// Where a node is, by its handle.
struct NodeOf {
  Graph* graph = nullptr;
  size_t index = 0;
};

// A node of a graph with its child graphs spread out, ready to be launched. Nodes of one lane are ordered among each other.
struct Step {
  std::shared_ptr<const Action> action;
  std::vector<size_t> dependencies;  // indices of earlier steps
  unsigned lane = 0;
  bool leaf = true;
};

struct GraphExec {
  uint64_t context_id = 0;
  Context* context = nullptr;
  unsigned long long flags = 0;
  std::shared_ptr<Graph> source;     // a copy; its nodes keep the handles of the graph it was made from
  std::vector<Step> steps;
  unsigned lanes = 1;
  std::shared_ptr<Operation> last;   // of the launch before: two launches never overlap
};

CUgraphNodeType type_of(const Action& action);

// Adds a node with a handle of its own.
size_t add_node(Driver& driver, Graph& graph, CUgraphNodeType type, std::shared_ptr<const Action> action, std::vector<size_t> dependencies);
std::shared_ptr<Graph> create_graph(Driver& driver, uint64_t context_id);
void destroy_graph(Driver& driver, Graph& graph);
std::shared_ptr<Graph> copy_of(const Graph& graph);

// Spreads the source out into steps; false if its nodes depend on each other in a circle.
bool prepare_steps(GraphExec& executable);

// What keeps the executable from being updated to the graph's parameters, or success.
CUgraphExecUpdateResult compare(const Graph& now, const Graph& next, void** changed);

// Enters every step into the stream.
CUresult launch_steps(Entry& entry, Stream& stream, GraphExec& executable);

}  // namespace gatun::emulator::driver
