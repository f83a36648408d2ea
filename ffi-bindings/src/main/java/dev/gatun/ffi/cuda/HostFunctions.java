package dev.gatun.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Java functions that streams call. One native stub serves all: the driver passes a number back, under which the function is kept; once
 * when it was put into a stream, for as long as the graphs live that captured it.
 */
final class HostFunctions {
  private static final System.Logger LOGGER = System.getLogger(HostFunctions.class.getName());
  private static final AtomicLong LAST = new AtomicLong();
  private static final Map<Long, Task> TASKS = new ConcurrentHashMap<>();

  private record Task(Runnable function, boolean once) {}

  /** Where the driver calls; made when the first function is given. */
  private static final class Stub {
    static final long ADDRESS = make();

    @SuppressWarnings("restricted")
    private static long make() {
      try {
        return Linker.nativeLinker().upcallStub(
            MethodHandles.lookup().findStatic(HostFunctions.class, "run", MethodType.methodType(void.class, long.class)),
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), Arena.global()).address();
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  /** The functions of captures that have not ended yet, by the graph that is being captured. */
  private final Map<Long, List<Long>> capturing = new ConcurrentHashMap<>();

  static long stub() {
    return Stub.ADDRESS;
  }

  /** Keeps a function that is called once. */
  static long once(Runnable function) {
    return keep(new Task(function, true));
  }

  /** Keeps a function for the graph that a stream is being captured into. */
  long captured(Runnable function, long graph) {
    long number = keep(new Task(function, false));
    capturing.computeIfAbsent(graph, g -> new ArrayList<>()).add(number);
    return number;
  }

  static void forget(long number) {
    TASKS.remove(number);
  }

  boolean areCaptured() {
    return !capturing.isEmpty();
  }

  /** Gives the functions of a capture that has ended to its graph. */
  Kept ended(long graph) {
    List<Long> numbers = capturing.remove(graph);
    return new Kept(numbers == null ? List.of() : List.copyOf(numbers));
  }

  /** Forgets the functions of captures that never ended. */
  void close() {
    capturing.values().forEach(numbers -> numbers.forEach(HostFunctions::forget));
    capturing.clear();
  }

  /** How many functions are kept, over all contexts. */
  static int count() {
    return TASKS.size();
  }

  private static long keep(Task task) {
    long number = LAST.incrementAndGet();
    TASKS.put(number, task);
    return number;
  }

  /** Called by the driver on a thread of its own. An exception that left here would end the process. */
  private static void run(long number) {
    try {
      Task task = TASKS.get(number);
      if (task == null) {
        return;
      }
      if (task.once()) {
        TASKS.remove(number);
      }
      task.function().run();
    } catch (Throwable t) {
      report(t);
    }
  }

  private static void report(Throwable t) {
    try {
      LOGGER.log(System.Logger.Level.ERROR, "a host function of a CUDA stream failed", t);
    } catch (Throwable logging) {
      // Nothing is left that could be told about it.
    }
  }

  /** The functions that a graph calls, shared by the graph and what was instantiated from it. */
  static final class Kept {
    private final List<Long> numbers;
    private int holders = 1;

    Kept(List<Long> numbers) {
      this.numbers = numbers;
    }

    synchronized Kept shared() {
      holders++;
      return this;
    }

    synchronized void release() {
      if (--holders == 0) {
        numbers.forEach(HostFunctions::forget);
      }
    }
  }
}
