package uk.ac.manchester.tornado.api.emulation;

import java.util.Optional;

/** What executions so far have told of a kernel; kept for each class of code objects, which a method reference in the source has one of. */
public final class KernelHabits {
  private static final int WATCHED_FIRST = 2;
  private static final int WATCHED_EVERY = 64;
  private static final ClassValue<KernelHabits> HABITS = new ClassValue<>() {
    @Override
    protected KernelHabits computeValue(Class<?> code) {
      return new KernelHabits();
    }
  };

  private volatile boolean barriers;
  private volatile CutKernel.Cuts cuts;
  private int watched;

  KernelHabits() {}

  /** The habits of the kernel that this object calls. */
  public static KernelHabits of(Object code) {
    return HABITS.get(code.getClass());
  }

  /** Whether it has met at a barrier. */
  boolean barriers() {
    return barriers;
  }

  /** The kernel cut at its barriers, or null. */
  CutKernel.Cuts cuts() {
    return cuts;
  }

  /** It meets at the barrier from which this is called, and has so many arguments. */
  void meets(int arguments) {
    synchronized (this) {
      if (barriers) {
        return;
      }
      barriers = true;
    }
    cuts = BarrierSite.kernel().filter(k -> k.type().parameterCount() == arguments)
        .flatMap(k -> KernelCutter.cut(k.home(), k.name(), k.type())).orElse(null);
  }

  /** Whether to look where each item waits, which is slow and mostly comes out the same. */
  synchronized boolean watchIsDue() {
    int execution = watched++;
    return execution < WATCHED_FIRST || execution % WATCHED_EVERY == 0;
  }
}
