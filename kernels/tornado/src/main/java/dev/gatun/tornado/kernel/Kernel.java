package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.TaskGraph;

/**
 * A kernel: a static method of this package that TornadoVM compiles, and the line of Java that adds it to a task graph.
 *
 * <p>Every kernel begins by {@link Mark#begin}, without which it counts as not run.
 *
 * <p>Every kernel takes first {@code (KernelContext c, IntArray at, IntArray p, FloatArray q)}: its integers are {@code p.get(at.get(0) + i)}, its floats
 * {@code q.get(at.get(0) + i)}, in the order in which {@link Launch} lists them. Then come its operands, each as an array of the type that the kernel reads it by;
 * an operand of which several types are possible comes as several arrays over the same memory. They start not at the tensor but at the piece of memory that it lies
 * in, so that an operand's offset is one of the integers.
 *
 * @param name {@code operator_types_form}, as explanations and errors name it
 * @param localBytes what its local arrays take of a work-group's local memory
 * @param task adds the method to a graph
 */
public record Kernel(String name, int localBytes, Task task) {
  /** A kernel without local arrays. */
  public Kernel(String name, Task task) {
    this(name, 0, task);
  }

  /** Adds a kernel to a graph. */
  @FunctionalInterface
  public interface Task {
    /** {@code graph.task(id, Class::method, a.context(), a.at(), a.integers(), a.floatingPoint(), a.floats(0), ..)}. */
    void add(TaskGraph graph, String id, Arguments a);
  }
}
