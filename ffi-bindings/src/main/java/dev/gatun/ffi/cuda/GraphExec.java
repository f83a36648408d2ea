package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/** A graph that is ready to run, owned by who instantiated it. For one thread at a time; its runs follow one another. */
public final class GraphExec implements AutoCloseable {
  static final StructLayout UPDATE_RESULT = MemoryLayout.structLayout(
      ValueLayout.JAVA_INT.withName("result"), MemoryLayout.paddingLayout(4),
      ValueLayout.JAVA_LONG.withName("errorNode"), ValueLayout.JAVA_LONG.withName("errorFromNode"));

  private static final int UPDATE_FAILURE = 910;

  private final Context context;
  private final Driver driver;
  private final Handle handle;
  private final List<HostFunctions.Kept> functions = new ArrayList<>();
  private String refusal = "";

  GraphExec(Context context, long address, HostFunctions.Kept functions) {
    this.context = context;
    this.driver = context.driver();
    this.handle = Handle.owned("GraphExec", address);
    this.functions.add(functions);
  }

  /** Runs it on that stream. Allocates nothing on the Java heap when called from a platform thread. */
  public void launch(Stream s) {
    if (!context.enter()) {
      context.platformThread().run(() -> launch(s));
      return;
    }
    int result = call(driver.cuGraphLaunch, handle.get(), s.address());
    if (result != 0) {
      context.check(driver.cuGraphLaunch, result);
    }
  }

  /** Copies what it needs to the device ahead of the first launch, on that stream. */
  public void upload(Stream s) {
    long exec = handle.get();
    long stream = s.address();
    context.perform(driver.cuGraphUpload, () -> call(driver.cuGraphUpload, exec, stream));
  }

  /**
   * Takes over the parameters of a graph with the same nodes and edges. False when the driver cannot, with {@link #refusal()} saying why;
   * this stays as it was then, and the other graph has to be instantiated.
   */
  public boolean update(Graph g) {
    long exec = handle.get();
    long graph = g.address();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(UPDATE_RESULT);
      long to = info.address();
      int[] failure = new int[1];
      context.perform(driver.cuGraphExecUpdate_v2, () -> {
        int result = call(driver.cuGraphExecUpdate_v2, exec, graph, to);
        failure[0] = result;
        return result == UPDATE_FAILURE ? 0 : result;
      });
      refusal = failure[0] == 0 ? "" : reason(info.get(ValueLayout.JAVA_INT, 0));
    }
    if (!refusal.isEmpty()) {
      return false;
    }
    if (!functions.contains(g.functions())) {
      functions.add(g.functions().shared());
    }
    return true;
  }

  /** Why the last {@link #update} was refused; empty when it was not. */
  public String refusal() {
    return refusal;
  }

  /** Gives a kernel node of the graph that this was instantiated from another launch. */
  public void set(Graph.Node node, Function function, LaunchConfig config, MemorySegment params) {
    long exec = handle.get();
    long changed = node.address();
    try (Arena arena = Arena.ofConfined()) {
      long values = Graph.kernelNode(arena, function, config, params).address();
      Entry set = driver.cuGraphExecKernelNodeSetParams_v2;
      context.perform(set, () -> call(set, exec, changed, values));
    } finally {
      Reference.reachabilityFence(params);
    }
  }

  /** Frees it; its runs have to be done if they call host functions. */
  @Override
  public void close() {
    try {
      context.giveBack(handle, driver.cuGraphExecDestroy);
    } finally {
      functions.forEach(HostFunctions.Kept::release);
      functions.clear();
    }
  }

  private static String reason(int result) {
    return switch (result) {
      case 2 -> "the graphs differ in their nodes or edges";
      case 3 -> "a node is of another kind";
      case 4, 7 -> "a kernel node's function changed in a way that the driver cannot take over";
      case 5 -> "parameters of a node changed in a way that the driver cannot take over";
      case 6 -> "a node cannot be updated";
      case 8 -> "attributes of a node changed in a way that the driver cannot take over";
      default -> "the driver refused the update with result " + result;
    };
  }
}
