package uk.ac.manchester.tornado.api.emulation;

import java.util.List;

/** A kernel that returns where it waits at a barrier, and goes on from there when it is called again with the same frame. */
public interface CutKernel {
  /** Runs one work-item up to its next barrier, or to its end, which {@code frame.state} tells apart. */
  void step(Object[] arguments, ItemFrame frame);

  /** A cut kernel and where its cuts are; the first method is the kernel. */
  record Cuts(CutKernel kernel, int variables, List<List<Point>> methods) {
    ItemFrame frame() {
      return new ItemFrame(variables);
    }

    /** Whether two waiting items wait at the same barrier. */
    boolean same(ItemFrame a, ItemFrame b) {
      int method = 0;
      while (a.state == b.state) {
        method = methods.get(method).get(a.state - 1).callee();
        if (method < 0) {
          return true;
        }
        a = a.callee();
        b = b.callee();
      }
      return false;
    }

    /** The source line of the barrier where an item waits. */
    String where(ItemFrame frame) {
      Point point = methods.getFirst().get(frame.state - 1);
      while (point.callee() >= 0) {
        frame = frame.callee();
        point = methods.get(point.callee()).get(frame.state - 1);
      }
      return point.where();
    }
  }

  /** A cut: a barrier, or with {@code callee} the call of the method of that number, which has cuts itself. */
  record Point(String where, int callee) {}
}
