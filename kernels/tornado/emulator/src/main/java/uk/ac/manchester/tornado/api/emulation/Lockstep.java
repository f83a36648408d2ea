package uk.ac.manchester.tornado.api.emulation;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Runs the groups of one task one after the other, and the items of a group so that they can meet at barriers.
 *
 * <p>Until an item reaches a barrier the items run in a loop on the calling thread. From the first barrier on each item of the group has a
 * thread of its own, which it keeps for the groups that follow. The last item to arrive finds out whether all stand at one barrier, or all
 * are done with the group; anything else is a divergence, so nothing ever waits for what cannot come.
 *
 * <p>The groups, and the items of a group, go up in one execution and down in the next, so that a kernel cannot rely on their order.
 */
public final class Lockstep {
  private static final int AT_BARRIER = 1;
  private static final int DONE = 2;
  private static final int SITES_FIRST = 2;
  private static final int SITES_EVERY = 64;

  /** The code of one item of one group. */
  @FunctionalInterface
  public interface ItemCode {
    /** Runs it. */
    void run(Lockstep lockstep, int group, int item);
  }

  /** What is run: how many groups of how many items, and how to name a group. */
  public record Shape(String task, int groups, int items, IntFunction<String> groupName) {}

  /** What a task's executions so far have told. */
  public static final class Habits {
    private volatile boolean barriers;
    private volatile boolean descending;
    private volatile int executions;

    /** Finding out where each item waits is slow, and mostly comes out the same. */
    private boolean sitesAreDue() {
      int execution = executions++;
      return execution < SITES_FIRST || execution % SITES_EVERY == 0;
    }
  }

  /** Unwinds an item whose group has failed elsewhere. */
  private static final class Released extends Error {
    private static final long serialVersionUID = 1L;
    private static final Released INSTANCE = new Released();

    private Released() {
      super("another work-item failed", null, false, false);
    }
  }

  private final Shape shape;
  private final Habits habits;
  private final ItemCode code;
  private final boolean descending;
  private final LocalMemory memory;
  private final int[] states;
  private final BarrierSite[] sites;
  private final Thread[] threads;
  private final AtomicInteger running = new AtomicInteger();
  private volatile int round;
  private volatile Throwable failure;
  private boolean threaded;
  private boolean watchSites;
  private int position;
  private int inline;

  private Lockstep(Shape shape, Habits habits, ItemCode code) {
    this.shape = shape;
    this.habits = habits;
    this.code = code;
    this.descending = habits.descending = !habits.descending;
    this.memory = new LocalMemory(shape.task, shape.items);
    this.states = new int[shape.items];
    this.sites = new BarrierSite[shape.items];
    this.threads = new Thread[shape.items];
  }

  /** Runs all of {@code shape}, and throws what the first item that failed threw. */
  public static void run(Shape shape, Habits habits, ItemCode code) {
    Lockstep lockstep = new Lockstep(shape, habits, code);
    if (habits.barriers && shape.items > 1) {
      join(Thread.ofVirtual().start(lockstep::lead));
    } else {
      lockstep.lead();
    }
    switch (lockstep.failure) {
      case null -> {
      }
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
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
    if (!threaded) {
      if (inline > 0) {
        throw divergence("work-item " + item + " waits at a barrier that work-item " + itemAt(0) + " has not reached");
      }
      startThreads();
    }
    if (watchSites) {
      sites[item] = BarrierSite.ofCaller();
    }
    arrive(item, AT_BARRIER);
  }

  private void lead() {
    threads[0] = Thread.currentThread();
    try {
      if (habits.barriers && shape.items > 1) {
        startThreads();
      }
      while (position < shape.groups) {
        runPosition();
      }
    } catch (Released e) {
      // The failure that released this item is kept already.
    } catch (Throwable e) {
      fail(e);
    }
    for (int i = 1; i < threads.length && threaded; i++) {
      join(threads[i]);
    }
  }

  private void runPosition() {
    if (threaded) {
      follow(0);
      return;
    }
    code.run(this, groupAt(position), itemAt(0));
    if (threaded) {
      arrive(itemAt(0), DONE);
      return;
    }
    for (inline = 1; inline < shape.items; inline++) {
      code.run(this, groupAt(position), itemAt(inline));
    }
    inline = 0;
    position++;
    memory.reset();
  }

  private void startThreads() {
    running.set(shape.items);
    watchSites = habits.sitesAreDue();
    threaded = true;
    habits.barriers = true;
    for (int i = 1; i < shape.items; i++) {
      int lane = i;
      threads[i] = Thread.ofVirtual().unstarted(() -> {
        try {
          while (position < shape.groups) {
            follow(lane);
          }
        } catch (Released e) {
          // The failure that released this item is kept already.
        } catch (Throwable e) {
          fail(e);
        }
      });
    }
    for (int i = 1; i < shape.items; i++) {
      threads[i].start();
    }
  }

  private void follow(int lane) {
    int item = itemAt(lane);
    code.run(this, groupAt(position), item);
    arrive(item, DONE);
  }

  private void arrive(int item, int state) {
    int now = round;
    if (failure != null) {
      throw Released.INSTANCE;
    }
    states[item] = state;
    if (running.decrementAndGet() == 0) {
      settle();
      return;
    }
    while (round == now) {
      LockSupport.park(this);
    }
    if (failure != null) {
      throw Released.INSTANCE;
    }
  }

  private void settle() {
    int done = 0;
    for (int state : states) {
      done += state == DONE ? 1 : 0;
    }
    if (done == 0) {
      if (watchSites) {
        checkSites();
      }
    } else if (done == shape.items) {
      position++;
      watchSites = false;
      memory.reset();
    } else {
      int waiting = first(AT_BARRIER);
      throw divergence("work-item " + waiting + (sites[waiting] == null ? "" : " at " + sites[waiting].where()) + " and "
          + (shape.items - done - 1)
          + " more wait at a barrier that work-item " + first(DONE) + " and " + (done - 1) + " more have ended without");
    }
    running.set(shape.items);
    wake();
  }

  private void checkSites() {
    for (int item = 1; item < shape.items; item++) {
      if (!sites[item].equals(sites[0])) {
        throw divergence("work-item 0 waits at the barrier at " + sites[0].where() + " and work-item " + item + " at that at "
            + sites[item].where());
      }
    }
  }

  private int first(int state) {
    int item = 0;
    while (states[item] != state) {
      item++;
    }
    return item;
  }

  private Divergence divergence(String what) {
    return new Divergence(shape.task + ", group " + shape.groupName.apply(groupAt(position)) + ": " + what
        + "; every item of a group must reach the same barriers");
  }

  private synchronized void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
    wake();
  }

  private void wake() {
    round++;
    Thread self = Thread.currentThread();
    for (Thread thread : threads) {
      if (thread != self) {
        LockSupport.unpark(thread);
      }
    }
  }

  private int groupAt(int position) {
    return descending ? shape.groups - 1 - position : position;
  }

  private int itemAt(int lane) {
    return descending ? shape.items - 1 - lane : lane;
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
