package uk.ac.manchester.tornado.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task1;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task10;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task11;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task12;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task14;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task15;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task4;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task7;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task8;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task9;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Tasks in the order in which they run, and the arrays that are copied to the device before them and to the host after them. */
@SuppressWarnings("unchecked")
public class TaskGraph {
  private final String name;
  private final List<Transfer> toDevice = new ArrayList<>();
  private final List<Transfer> toHost = new ArrayList<>();
  private final List<KernelTask> tasks = new ArrayList<>();

  /** An empty graph of this name. */
  public TaskGraph(String name) {
    this.name = Objects.requireNonNull(name, "a task graph has a name");
  }

  /** The name. */
  public String getTaskGraphName() {
    return name;
  }

  /** Copies these arrays to the device before the tasks, as often as the {@link DataTransferMode} says. */
  public TaskGraph transferToDevice(int mode, Object... objects) {
    return transfer(toDevice, "transferToDevice", mode, objects);
  }

  /** Copies these arrays to the host after the tasks, as often as the {@link DataTransferMode} says. */
  public TaskGraph transferToHost(int mode, Object... objects) {
    return transfer(toHost, "transferToHost", mode, objects);
  }

  /** The graph as it is now; what is added later is not in it. */
  public ImmutableTaskGraph snapshot() {
    return new ImmutableTaskGraph(name, List.copyOf(toDevice), List.copyOf(tasks), List.copyOf(toHost));
  }

  /** Adds a task without arguments. */
  public TaskGraph task(String id, Task code) {
    return add(id, code, a -> code.apply());
  }

  /** Adds a task of 1 argument. */
  public <T1> TaskGraph task(String id, Task1<T1> code, T1 a1) {
    return add(id, code, a -> code.apply((T1) a[0]), a1);
  }

  /** Adds a task of 2 arguments. */
  public <T1, T2> TaskGraph task(String id, Task2<T1, T2> code, T1 a1, T2 a2) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1]), a1, a2);
  }

  /** Adds a task of 3 arguments. */
  public <T1, T2, T3> TaskGraph task(String id, Task3<T1, T2, T3> code, T1 a1, T2 a2, T3 a3) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2]), a1, a2, a3);
  }

  /** Adds a task of 4 arguments. */
  public <T1, T2, T3, T4> TaskGraph task(String id, Task4<T1, T2, T3, T4> code, T1 a1, T2 a2, T3 a3, T4 a4) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3]), a1, a2, a3, a4);
  }

  /** Adds a task of 5 arguments. */
  public <T1, T2, T3, T4, T5> TaskGraph task(String id, Task5<T1, T2, T3, T4, T5> code, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4]), a1, a2, a3, a4, a5);
  }

  /** Adds a task of 6 arguments. */
  public <T1, T2, T3, T4, T5, T6> TaskGraph task(String id, Task6<T1, T2, T3, T4, T5, T6> code, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5]), a1, a2, a3, a4, a5, a6);
  }

  /** Adds a task of 7 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(String id, Task7<T1, T2, T3, T4, T5, T6, T7> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6]),
        a1, a2, a3, a4, a5, a6, a7);
  }

  /** Adds a task of 8 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(String id, Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7]),
        a1, a2, a3, a4, a5, a6, a7, a8);
  }

  /** Adds a task of 9 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(String id, Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7], (T9) a[8]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9);
  }

  /** Adds a task of 10 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(String id, Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
  }

  /** Adds a task of 11 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskGraph task(String id, Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9], (T11) a[10]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11);
  }

  /** Adds a task of 12 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskGraph task(
      String id, Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9], (T11) a[10], (T12) a[11]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12);
  }

  /** Adds a task of 13 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskGraph task(
      String id, Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9], (T11) a[10], (T12) a[11], (T13) a[12]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13);
  }

  /** Adds a task of 14 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskGraph task(
      String id, Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9], (T11) a[10], (T12) a[11], (T13) a[12], (T14) a[13]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14);
  }

  /** Adds a task of 15 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskGraph task(
      String id, Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
      T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15) {
    return add(id, code, a -> code.apply((T1) a[0], (T2) a[1], (T3) a[2], (T4) a[3], (T5) a[4], (T6) a[5], (T7) a[6], (T8) a[7],
        (T9) a[8], (T10) a[9], (T11) a[10], (T12) a[11], (T13) a[12], (T14) a[13], (T15) a[14]),
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15);
  }

  private TaskGraph add(String id, Object code, KernelTask.Kernel kernel, Object... arguments) {
    String full = name + "." + id;
    Objects.requireNonNull(code, () -> full + " has no code");
    if (tasks.stream().anyMatch(t -> t.name.equals(full))) {
      throw new TornadoRuntimeException("there are two tasks " + full + "; name one of them otherwise");
    }
    tasks.add(new KernelTask(full, code, kernel, Arrays.asList(arguments)));
    return this;
  }

  private TaskGraph transfer(List<Transfer> into, String call, int mode, Object[] objects) {
    if (mode < DataTransferMode.FIRST_EXECUTION || mode > DataTransferMode.UNDER_DEMAND) {
      throw new TornadoRuntimeException(call + " of graph " + name + " has the unknown mode " + mode);
    }
    for (Object object : objects) {
      if (!(object instanceof TornadoNativeArray array)) {
        String what = object == null ? "null" : "a " + object.getClass().getName();
        throw new TornadoRuntimeException(call + " of graph " + name + " is given " + what + "; give it native arrays");
      }
      into.add(new Transfer(mode, array));
    }
    return this;
  }

  /** An array and when it is copied. */
  record Transfer(int mode, TornadoNativeArray array) {}
}
