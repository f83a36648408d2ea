package uk.ac.manchester.tornado.api.emulation;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of a group's items, which they keep for the groups that follow. The item that arrives last finds out whether all stand at one
 * barrier, or all are done with the group, and lets them go on.
 */
final class ItemThreads {
  private enum State { AT_BARRIER, DONE }

  /** Unwinds an item whose group has failed elsewhere. */
  private static final class Released extends Error {
    private static final long serialVersionUID = 1L;
    private static final Released INSTANCE = new Released();

    private Released() {
      super("another work-item failed", null, false, false);
    }
  }

  private final Lockstep lockstep;
  private final Lockstep.Shape shape;
  private final State[] states;
  private final BarrierSite[] sites;
  private final Thread[] threads;
  private final AtomicInteger running = new AtomicInteger();
  private volatile int round;
  private volatile Throwable failure;
  private boolean watched;
  private int position;

  ItemThreads(Lockstep lockstep, Lockstep.Shape shape, boolean watched) {
    this.lockstep = lockstep;
    this.shape = shape;
    this.watched = watched;
    this.states = new State[shape.items()];
    this.sites = new BarrierSite[shape.items()];
    this.threads = new Thread[shape.items()];
  }

  /** Runs all groups from this one on. */
  void runFrom(int position) {
    start(0, position, shape.groups());
    join();
  }

  /** Runs this group, of which the caller's is the first item. */
  void startBeside(int position) {
    threads[0] = Thread.currentThread();
    start(1, position, position + 1);
  }

  /** The caller's item has ended, or failed. */
  void endBeside(int item) {
    try {
      arrive(item, State.DONE);
    } catch (Released e) {
      // What released it is thrown below.
    } catch (Divergence e) {
      fail(e);
    }
    join();
  }

  /** The item waits for the others. */
  void barrier(int item) {
    if (watched) {
      sites[item] = BarrierSite.ofCaller();
    }
    arrive(item, State.AT_BARRIER);
  }

  /** Ends everything, with this if nothing failed before. */
  synchronized void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
    wake();
  }

  private void start(int first, int from, int to) {
    running.set(shape.items());
    position = from;
    for (int i = first; i < threads.length; i++) {
      int lane = i;
      threads[i] = Thread.ofVirtual().unstarted(() -> follow(lane, from, to));
    }
    for (int i = first; i < threads.length; i++) {
      threads[i].start();
    }
  }

  private void follow(int lane, int from, int to) {
    Object[] arguments = lockstep.arguments();
    try {
      for (int p = from; p < to; p++) {
        lockstep.runItem(p, lane, arguments);
        arrive(shape.item(lane), State.DONE);
      }
    } catch (Released e) {
      // What released it is kept already.
    } catch (Throwable e) {
      fail(e);
    }
  }

  private void arrive(int item, State state) {
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
    int waiting = 0;
    for (State state : states) {
      waiting += state == State.AT_BARRIER ? 1 : 0;
    }
    if (waiting == 0) {
      position++;
      watched = false;
      lockstep.memory().reset();
    } else if (waiting < shape.items()) {
      int first = first(State.AT_BARRIER);
      throw lockstep.someEnded(position, first, sites[first] == null ? "" : sites[first].where(), waiting, first(State.DONE));
    } else if (watched) {
      checkSites();
    }
    running.set(shape.items());
    wake();
  }

  private void checkSites() {
    for (int item = 1; item < shape.items(); item++) {
      if (!sites[item].equals(sites[0])) {
        throw lockstep.elsewhere(position, sites[0].where(), item, sites[item].where());
      }
    }
  }

  private int first(State state) {
    int item = 0;
    while (states[item] != state) {
      item++;
    }
    return item;
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

  private void join() {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread != Thread.currentThread() && thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failure) {
      case null -> {
      }
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
  }
}
