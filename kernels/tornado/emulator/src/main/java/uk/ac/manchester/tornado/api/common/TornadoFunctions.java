package uk.ac.manchester.tornado.api.common;

/** The shapes of a kernel: a static method of so many arguments. */
public final class TornadoFunctions {
  private TornadoFunctions() {}

  /** A kernel without arguments. */
  @FunctionalInterface
  public interface Task {
    /** Runs the kernel. */
    void apply();
  }

  /** A kernel of 1 argument. */
  @FunctionalInterface
  public interface Task1<T1> {
    /** Runs the kernel. */
    void apply(T1 a1);
  }

  /** A kernel of 2 arguments. */
  @FunctionalInterface
  public interface Task2<T1, T2> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2);
  }

  /** A kernel of 3 arguments. */
  @FunctionalInterface
  public interface Task3<T1, T2, T3> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3);
  }

  /** A kernel of 4 arguments. */
  @FunctionalInterface
  public interface Task4<T1, T2, T3, T4> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4);
  }

  /** A kernel of 5 arguments. */
  @FunctionalInterface
  public interface Task5<T1, T2, T3, T4, T5> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5);
  }

  /** A kernel of 6 arguments. */
  @FunctionalInterface
  public interface Task6<T1, T2, T3, T4, T5, T6> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6);
  }

  /** A kernel of 7 arguments. */
  @FunctionalInterface
  public interface Task7<T1, T2, T3, T4, T5, T6, T7> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7);
  }

  /** A kernel of 8 arguments. */
  @FunctionalInterface
  public interface Task8<T1, T2, T3, T4, T5, T6, T7, T8> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8);
  }

  /** A kernel of 9 arguments. */
  @FunctionalInterface
  public interface Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9);
  }

  /** A kernel of 10 arguments. */
  @FunctionalInterface
  public interface Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10);
  }

  /** A kernel of 11 arguments. */
  @FunctionalInterface
  public interface Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11);
  }

  /** A kernel of 12 arguments. */
  @FunctionalInterface
  public interface Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12);
  }

  /** A kernel of 13 arguments. */
  @FunctionalInterface
  public interface Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13);
  }

  /** A kernel of 14 arguments. */
  @FunctionalInterface
  public interface Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14);
  }

  /** A kernel of 15 arguments. */
  @FunctionalInterface
  public interface Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> {
    /** Runs the kernel. */
    void apply(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15);
  }
}
