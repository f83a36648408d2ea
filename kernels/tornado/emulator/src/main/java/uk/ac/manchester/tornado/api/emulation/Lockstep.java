package uk.ac.manchester.tornado.api.emulation;

/**
 * Runs the groups of one task one after the other, and the items of a group so that they can meet at barriers.
 *
 * <p>A kernel that is not known to meet runs its items in a loop. One that is cut at its barriers is stepped from barrier to barrier, item
 * by item. Any other that reaches a barrier has its items run in {@link ItemThreads}. Either way all items of a group come to one barrier
 * or all come to the end; anything else is a {@link Divergence}, and nothing ever waits for what cannot come.
 *
 * <p>The groups, and the items of a group, go upwards or downwards, so that a kernel cannot rely on their order.
 */
public final class Lockstep {
  /** The items of a task. */
  public interface Items {
    /** What the kernel is called with; each thread has its own. */
    Object[] arguments();

    /** Makes the arguments those of one item. */
    void enter(Object[] arguments, Lockstep lockstep, int group, int item);

    /** Calls the kernel. */
    void apply(Object[] arguments);

    /** What to throw when the kernel has thrown {@code cause}. */
    RuntimeException failed(int group, int item, Throwable cause);

    /** How to name a group in a message. */
    String groupName(int group);
  }

  /** How many groups of how many items there are, the kernel's number of arguments, and whether the order is downwards. */
  public record Shape(String task, int groups, int items, int arguments, boolean descending) {
    int group(int position) {
      return descending ? groups - 1 - position : position;
    }

    int item(int lane) {
      return descending ? items - 1 - lane : lane;
    }
  }

  private final Shape shape;
  private final KernelHabits habits;
  private final Items items;
  private final LocalMemory memory;
  private ItemThreads threads;
  private ItemFrame[] frames;
  private Object[][] stepped;
  private int position;
  private int lane;

  private Lockstep(Shape shape, KernelHabits habits, Items items) {
    this.shape = shape;
    this.habits = habits;
    this.items = items;
    this.memory = new LocalMemory(shape.task, shape.items);
  }

  /** Runs all of {@code shape}, and throws what the first item that failed threw. */
  public static void run(Shape shape, KernelHabits habits, Items items) {
    new Lockstep(shape, habits, items).runGroups();
  }

  /** The local arrays of the group that runs now. */
  public LocalMemory memory() {
    return memory;
  }

  /** The item waits for its group. */
  public void barrier(int item) {
    if (shape.items == 1) {
      return;
    }
    if (threads == null) {
      if (frames != null) {
        throw new IllegalStateException("a barrier is reached in a way that was not foreseen; call it on the kernel's own context");
      }
      if (lane > 0) {
        throw divergence(position, "work-item " + item + " waits at a barrier that work-item " + shape.item(0) + " has ended without");
      }
      habits.meets(shape.arguments);
      threads = new ItemThreads(this, shape, habits.watchIsDue());
      threads.startBeside(position);
    }
    threads.barrier(item);
  }

  private void runGroups() {
    Object[] arguments = items.arguments();
    while (position < shape.groups) {
      if (shape.items > 1 && habits.cuts() != null) {
        stepGroup(habits.cuts());
      } else if (shape.items > 1 && habits.barriers()) {
        threads = new ItemThreads(this, shape, habits.watchIsDue());
        threads.runFrom(position);
        return;
      } else {
        runGroup(arguments);
      }
      position++;
    }
  }

  private void runGroup(Object[] arguments) {
    for (lane = 0; lane < shape.items && threads == null; lane++) {
      try {
        runItem(position, lane, arguments);
      } catch (Throwable e) {
        if (threads == null) {
          throw e;
        }
        threads.fail(e);
      }
    }
    if (threads != null) {
      threads.endBeside(shape.item(0));
      threads = null;
    } else {
      memory.reset();
    }
  }

  Object[] arguments() {
    return items.arguments();
  }

  void runItem(int position, int lane, Object[] arguments) {
    int group = shape.group(position);
    int item = shape.item(lane);
    items.enter(arguments, this, group, item);
    try {
      items.apply(arguments);
    } catch (Divergence e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      throw items.failed(group, item, e);
    }
  }

  private void stepGroup(CutKernel.Cuts cuts) {
    if (frames == null) {
      frames = new ItemFrame[shape.items];
      stepped = new Object[shape.items][];
      for (int item = 0; item < shape.items; item++) {
        frames[item] = cuts.frame();
        stepped[item] = items.arguments();
      }
    }
    int group = shape.group(position);
    for (int item = 0; item < shape.items; item++) {
      items.enter(stepped[item], this, group, item);
    }
    boolean backwards = false;
    int waiting;
    do {
      waiting = 0;
      for (int lane = 0; lane < shape.items; lane++) {
        int item = shape.item(backwards ? shape.items - 1 - lane : lane);
        try {
          cuts.kernel().step(stepped[item], frames[item]);
        } catch (RuntimeException | StackOverflowError e) {
          throw items.failed(group, item, e);
        }
        waiting += frames[item].state == 0 ? 0 : 1;
      }
      if (waiting > 0) {
        checkMeeting(cuts, waiting);
      }
      backwards = !backwards;
    } while (waiting > 0);
    memory.reset();
  }

  private void checkMeeting(CutKernel.Cuts cuts, int waiting) {
    if (waiting < shape.items) {
      int first = 0;
      while (frames[first].state == 0) {
        first++;
      }
      int ended = 0;
      while (frames[ended].state != 0) {
        ended++;
      }
      throw someEnded(position, first, cuts.where(frames[first]), waiting, ended);
    }
    for (int item = 1; item < shape.items; item++) {
      if (!cuts.same(frames[0], frames[item])) {
        throw elsewhere(position, cuts.where(frames[0]), item, cuts.where(frames[item]));
      }
    }
  }

  Divergence someEnded(int position, int first, String where, int waiting, int ended) {
    return divergence(position, "work-item " + first + at(where) + " and " + (waiting - 1) + " more wait at a barrier that work-item "
        + ended
        + " and " + (shape.items - waiting - 1) + " more have ended without");
  }

  private static String at(String where) {
    return where.isEmpty() ? "" : " at " + where;
  }

  Divergence elsewhere(int position, String where, int item, String itsWhere) {
    return divergence(position, "work-item 0 waits at the barrier at " + where + " and work-item " + item + " at that at " + itsWhere);
  }

  private Divergence divergence(int position, String what) {
    return new Divergence(shape.task + ", group " + items.groupName(shape.group(position)) + ": " + what
        + "; every item of a group must reach the same barriers");
  }
}
