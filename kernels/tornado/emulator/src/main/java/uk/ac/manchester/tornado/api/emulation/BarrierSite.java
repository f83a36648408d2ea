package uk.ac.manchester.tornado.api.emulation;

import java.util.List;

/** The call of a barrier: where each method between the kernel and the barrier stands. */
record BarrierSite(List<Frame> frames) {
  /** One method's place. */
  record Frame(String method, int bytecode, String where) {}

  private static final StackWalker WALKER = StackWalker.getInstance();

  static BarrierSite ofCaller() {
    return new BarrierSite(WALKER.walk(frames -> frames.dropWhile(BarrierSite::ofApi).takeWhile(f -> !ofApi(f))
        .map(f -> new Frame(f.getClassName() + "." + f.getMethodName(), f.getByteCodeIndex(), f.getFileName() + ":" + f.getLineNumber()))
        .toList()));
  }

  private static boolean ofApi(StackWalker.StackFrame frame) {
    return frame.getClassName().startsWith("uk.ac.manchester.tornado.api.");
  }

  String where() {
    return frames.getFirst().where();
  }
}
