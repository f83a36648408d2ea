package uk.ac.manchester.tornado.api.emulation;

import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The call of a barrier: where each method between the kernel and the barrier stands. */
record BarrierSite(List<Frame> frames) {
  /** One method's place. */
  record Frame(String method, int bytecode, String where) {}

  /** The method that a task runs. */
  record Kernel(Class<?> home, String name, MethodType type) {}

  private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  static BarrierSite ofCaller() {
    return new BarrierSite(WALKER.walk(frames -> kernelFrames(frames)
        .map(f -> new Frame(f.getClassName() + "." + f.getMethodName(), f.getByteCodeIndex(), f.getFileName() + ":" + f.getLineNumber()))
        .toList()));
  }

  /** The kernel that the caller is in. */
  static Optional<Kernel> kernel() {
    return WALKER.walk(frames -> kernelFrames(frames).reduce((inner, outer) -> outer)
        .map(f -> new Kernel(f.getDeclaringClass(), f.getMethodName(), f.getMethodType())));
  }

  private static Stream<StackWalker.StackFrame> kernelFrames(Stream<StackWalker.StackFrame> frames) {
    return frames.dropWhile(BarrierSite::ofApi).takeWhile(f -> !ofApi(f));
  }

  private static boolean ofApi(StackWalker.StackFrame frame) {
    return frame.getClassName().startsWith("uk.ac.manchester.tornado.api.");
  }

  String where() {
    return frames.getFirst().where();
  }
}
