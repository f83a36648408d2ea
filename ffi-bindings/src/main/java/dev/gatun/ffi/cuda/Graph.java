package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;

/** A graph of work, owned by who captured or made it. It is run by what {@link #instantiate()} gives. For one thread at a time. */
public final class Graph implements AutoCloseable {
  static final StructLayout KERNEL_NODE = MemoryLayout.structLayout(
      ValueLayout.JAVA_LONG.withName("func"),
      ValueLayout.JAVA_INT.withName("gridDimX"), ValueLayout.JAVA_INT.withName("gridDimY"), ValueLayout.JAVA_INT.withName("gridDimZ"),
      ValueLayout.JAVA_INT.withName("blockDimX"), ValueLayout.JAVA_INT.withName("blockDimY"), ValueLayout.JAVA_INT.withName("blockDimZ"),
      ValueLayout.JAVA_INT.withName("sharedMemBytes"), MemoryLayout.paddingLayout(4),
      ValueLayout.ADDRESS.withName("kernelParams"), ValueLayout.ADDRESS.withName("extra"), ValueLayout.JAVA_LONG.withName("kern"),
      ValueLayout.JAVA_LONG.withName("ctx"));

  /** A node of a graph, which ends with it. */
  public static final class Node {
    private final Graph graph;
    private final long address;

    private Node(Graph graph, long address) {
      this.graph = graph;
      this.address = address;
    }

    long address() {
      graph.handle.get();
      return address;
    }
  }

  private final Context context;
  private final Driver driver;
  private final Handle handle;
  private final HostFunctions.Kept functions;

  private Graph(Context context, Handle handle, HostFunctions.Kept functions) {
    this.context = context;
    this.driver = context.driver();
    this.handle = handle;
    this.functions = functions;
  }

  static Graph captured(Context context, long address, HostFunctions.Kept functions) {
    return new Graph(context, Handle.owned("Graph", address), functions);
  }

  static Graph make(Context context) {
    Entry create = context.driver().cuGraphCreate;
    long address = context.obtain(create, out -> call(create, out, 0));
    return new Graph(context, Handle.owned("Graph", address), new HostFunctions.Kept(List.of()));
  }

  /** Makes it ready to run. The graph may be closed afterwards. */
  public GraphExec instantiate() {
    long graph = handle.get();
    Entry instantiate = driver.cuGraphInstantiateWithFlags;
    return context.holding(() -> {
      long address = context.obtain(instantiate, out -> call(instantiate, out, graph, 0L));
      return new GraphExec(context, address, functions.shared());
    });
  }

  /** How many nodes it has. */
  public int nodeCount() {
    long graph = handle.get();
    return (int) context.obtain(driver.cuGraphGetNodes, out -> call(driver.cuGraphGetNodes, graph, 0L, out));
  }

  /**
   * Adds a launch that starts after those nodes. The driver copies the parameters. Clusters and programmatic launches come into a graph by
   * capture only.
   */
  public Node addKernel(Function function, LaunchConfig config, MemorySegment params, Node... after) {
    if (config.hasCluster() || config.programmatic()) {
      throw new IllegalArgumentException("a launch with clusters or a programmatic one comes into a graph by capture, was " + config);
    }
    long graph = handle.get();
    try (Arena arena = Arena.ofConfined()) {
      long node = kernelNode(arena, function, config, params).address();
      long dependencies = addresses(arena, after);
      long added = context.obtain(driver.cuGraphAddKernelNode_v2,
          out -> call(driver.cuGraphAddKernelNode_v2, out, graph, dependencies, (long) after.length, node), function::name);
      return new Node(this, added);
    } finally {
      Reference.reachabilityFence(params);
    }
  }

  /** Adds a copy of another graph as one node that starts after those nodes. */
  public Node addChild(Graph child, Node... after) {
    long graph = handle.get();
    long copied = child.address();
    try (Arena arena = Arena.ofConfined()) {
      long dependencies = addresses(arena, after);
      return new Node(this, context.obtain(driver.cuGraphAddChildGraphNode,
          out -> call(driver.cuGraphAddChildGraphNode, out, graph, dependencies, (long) after.length, copied)));
    }
  }

  /** Frees the graph; what was instantiated from it lives on. */
  @Override
  public void close() {
    boolean wasOpen = !handle.isClosed();
    try {
      context.giveBack(handle, driver.cuGraphDestroy);
    } finally {
      if (wasOpen) {
        functions.release();
      }
    }
  }

  long address() {
    return handle.get();
  }

  HostFunctions.Kept functions() {
    return functions;
  }

  static MemorySegment kernelNode(Arena arena, Function function, LaunchConfig c, MemorySegment params) {
    MemorySegment node = arena.allocate(KERNEL_NODE);
    int[] counts = {c.gridX(), c.gridY(), c.gridZ(), c.blockX(), c.blockY(), c.blockZ(), c.sharedBytes()};
    node.set(ValueLayout.JAVA_LONG, 0, function.address());
    for (int i = 0; i < counts.length; i++) {
      node.set(ValueLayout.JAVA_INT, 8 + 4L * i, counts[i]);
    }
    long address = Parameters.address(params);
    node.set(ValueLayout.JAVA_LONG, 40, address == 0 ? 0 : arena.allocateFrom(ValueLayout.JAVA_LONG, address).address());
    return node;
  }

  private static long addresses(Arena arena, Node[] nodes) {
    if (nodes.length == 0) {
      return 0;
    }
    long[] addresses = new long[nodes.length];
    for (int i = 0; i < nodes.length; i++) {
      addresses[i] = nodes[i].address();
    }
    return arena.allocateFrom(ValueLayout.JAVA_LONG, addresses).address();
  }
}
