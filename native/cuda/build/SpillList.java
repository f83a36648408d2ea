import java.util.ArrayList;
import java.util.List;

/** The kernels that may spill: lines of kernel, architecture and the reason; {@code #} begins a comment line. */
record SpillList(List<Entry> entries) {
  /** A kernel that may spill on an architecture. */
  record Entry(String kernel, String architecture, String reason, int line) {}

  static SpillList parse(String text) {
    List<Entry> entries = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] parts = line.strip().split("\\s+", 3);
      if (parts.length < 3) {
        throw new BuildFailure("spills.txt:" + number + ": a line is kernel, architecture and the reason: " + line.strip());
      }
      entries.add(new Entry(parts[0], parts[1], parts[2], number));
    }
    return new SpillList(List.copyOf(entries));
  }

  boolean allows(String kernel, String architecture) {
    return entries.stream().anyMatch(entry -> entry.kernel().equals(kernel) && entry.architecture().equals(architecture));
  }
}
