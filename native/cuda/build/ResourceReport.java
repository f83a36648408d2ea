import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What each kernel uses on each architecture, as {@code ptxas -v} tells it. */
record ResourceReport(List<Usage> usages) {
  private static final Pattern ENTRY = Pattern.compile("ptxas info\\s*: Compiling entry function '([^']+)' for '([^']+)'");
  private static final Pattern PROPERTIES = Pattern.compile("ptxas info\\s*: Function properties for (\\S+)");
  private static final Pattern STACK = Pattern.compile("\\s*(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("ptxas info\\s*: Used (\\d+) registers(.*)");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  /** One kernel on one architecture. Registers are per thread, all else in bytes: shared memory per block, the rest per thread. */
  record Usage(String kernel, String architecture, int registers, int shared, int stack, int spillStores, int spillLoads) {
    boolean spills() {
      return stack > 0 || spillStores > 0 || spillLoads > 0;
    }

    private String place() {
      return kernel + " " + architecture;
    }
  }

  /** Reads what ptxas said of any number of units. */
  static ResourceReport parse(Collection<String> logs) {
    List<Usage> usages = new ArrayList<>();
    logs.forEach(log -> usages.addAll(parse(log)));
    // sm_100 comes after sm_90.
    usages.sort(Comparator.comparing(Usage::kernel).thenComparing(usage -> Integer.parseInt(Architectures.number(usage.architecture())))
        .thenComparing(Usage::architecture));
    return new ResourceReport(List.copyOf(usages));
  }

  /** Whether a line is part of what {@link #parse} reads, and no complaint. */
  static boolean isInformation(String line) {
    return line.startsWith("ptxas info") || STACK.matcher(line).find();
  }

  String table() {
    int width = usages.stream().mapToInt(usage -> usage.kernel().length()).max().orElse(6);
    StringBuilder table = new StringBuilder();
    table.append(line(width, "kernel", "arch", "registers", "shared", "stack", "spill stores", "spill loads"));
    for (Usage u : usages) {
      table.append(line(width, u.kernel(), u.architecture(), u.registers(), u.shared(), u.stack(), u.spillStores(), u.spillLoads()));
    }
    return table.toString();
  }

  /** What is wrong: a spill that is not allowed, or an allowed one that is not there. */
  List<String> complaints(SpillList allowed) {
    List<String> complaints = new ArrayList<>();
    for (Usage usage : usages) {
      if (usage.spills() && !allowed.allows(usage.kernel(), usage.architecture())) {
        complaints.add(usage.place() + ": " + usage.stack() + " bytes of stack, " + usage.spillStores() + " of spill stores, "
            + usage.spillLoads() + " of spill loads, and native/cuda/spills.txt does not list it");
      }
    }
    for (SpillList.Entry entry : allowed.entries()) {
      List<Usage> same = usages.stream().filter(usage -> usage.kernel().equals(entry.kernel())).toList();
      if (same.isEmpty()) {
        complaints.add("spills.txt:" + entry.line() + ": there is no kernel " + entry.kernel());
      } else if (same.stream().anyMatch(usage -> usage.architecture().equals(entry.architecture()) && !usage.spills())) {
        complaints.add("spills.txt:" + entry.line() + ": " + entry.kernel() + " no longer spills on " + entry.architecture()
            + "; take the line away");
      }
    }
    return complaints;
  }

  private static List<Usage> parse(String log) {
    List<Usage> usages = new ArrayList<>();
    String kernel = null;
    String architecture = null;
    String described = null;
    int[] stack = new int[3];
    for (String line : log.lines().toList()) {
      Matcher entry = ENTRY.matcher(line);
      Matcher properties = PROPERTIES.matcher(line);
      Matcher frame = STACK.matcher(line);
      Matcher used = USED.matcher(line);
      if (entry.find()) {
        kernel = entry.group(1);
        architecture = entry.group(2);
        stack = new int[3];
      } else if (properties.find()) {
        described = properties.group(1);
      } else if (frame.find() && kernel != null) {
        // A device function that was not inlined has properties of its own; its frames and spills count for the kernel compiled with it.
        int[] own = {number(frame, 1), number(frame, 2), number(frame, 3)};
        for (int i = 0; i < own.length; i++) {
          stack[i] = kernel.equals(described) ? own[i] + stack[i] : Math.max(own[i], stack[i]);
        }
      } else if (used.find() && kernel != null) {
        Matcher shared = SHARED.matcher(used.group(2));
        usages.add(new Usage(kernel, architecture, Integer.parseInt(used.group(1)), shared.find() ? number(shared, 1) : 0, stack[0],
            stack[1], stack[2]));
        kernel = null;
      }
    }
    return usages;
  }

  private static int number(Matcher matcher, int group) {
    return Integer.parseInt(matcher.group(group));
  }

  private static String line(int width, Object... cells) {
    return String.format(Locale.ROOT, "%-" + width + "s  %-8s  %9s  %7s  %6s  %12s  %11s%n", cells);
  }
}
