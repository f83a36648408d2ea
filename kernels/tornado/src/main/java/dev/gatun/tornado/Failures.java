package dev.gatun.tornado;

import dev.gatun.DeviceException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** TornadoVM's failures in the project's words. */
final class Failures {
  private Failures() {}

  /** A failure of {@code what}, with TornadoVM's own message and what to do, if there is anything. */
  static DeviceException of(String what, String advice, Throwable cause) {
    String then = advice.isEmpty() ? "" : "; " + advice;
    DeviceException failure = new DeviceException("tornado: " + what + ": " + message(cause) + then, cause.getClass().getSimpleName(), false);
    failure.initCause(cause);
    return failure;
  }

  /** A failure to compile {@code kernels}, which are the tasks t0, t1 and so on of a graph; of these TornadoVM names the one that failed, or none. */
  static DeviceException ofCompiling(String device, String graph, List<String> kernels, Throwable cause) {
    Matcher task = Pattern.compile(Pattern.quote(graph) + "\\.t(\\d+)\\b").matcher(String.valueOf(cause.getMessage()));
    String which = task.find() && Integer.parseInt(task.group(1)) < kernels.size() ? kernels.get(Integer.parseInt(task.group(1)))
        : String.join(", ", new LinkedHashSet<>(kernels));
    return of(device + " does not compile " + which, "", cause);
  }

  /** A run of {@code what} after which {@code kernels} had left no mark: what the driver said of it, TornadoVM wrote to the standard output alone. */
  static DeviceException ofLaunching(String what, String device, List<String> kernels) {
    return new DeviceException("tornado: " + what + " failed on " + device + ": " + String.join(", ", kernels) + " did not run; the driver's reason is in what "
        + "TornadoVM printed", "launch failed", false);
  }

  /** In one line, without the colours of a terminal and the stack that TornadoVM writes into messages. */
  private static String message(Throwable cause) {
    String message = String.valueOf(cause.getMessage()).replaceAll("\\x1B\\[[0-9;]*m", "").replaceAll("(?s)\\s*Stacktrace: \\[.*", "").strip();
    return cause.getMessage() == null || message.isEmpty() ? cause.getClass().getSimpleName() : message.replaceAll("\\s*\\R\\s*", "; ");
  }
}
