import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What each kernel takes of a multiprocessor, as {@code resources.txt} keeps it: a change of a kernel that costs registers, shared memory or blocks is then seen
 * in the change itself. ptxas decides, so a record holds for the toolkit that it names and for no other.
 */
record ResourceRecord(String toolkit, Map<String, Row> rows) {
  static final String FILE = "resources.txt";
  private static final String HOW = "mvn -pl native/cuda/emulator,native/cuda compile -Dgatun.resources.record=true";
  private static final String TOOLKIT = "toolkit ";
  private static final List<String> COLUMNS =
      List.of("kernel", "arch", "threads", "registers", "shared", "dynamic", "spills", "blocks", "limit", "in_flight");
  private static final int MOST_SHOWN = 40;

  /** The values of {@link #COLUMNS}. */
  record Row(List<String> cells) {
    private String place() {
      return cells.get(0) + " " + cells.get(1);
    }
  }

  /** Of a build, on the architectures whose occupancy is known; without those that a kernel does not run on. */
  static ResourceRecord of(String toolkit, ResourceReport report, ManifestFile manifest) {
    List<Row> rows = new ArrayList<>();
    for (ResourceReport.Usage usage : report.usages()) {
      Map<String, Integer> tiles = manifest.tiles(usage.kernel());
      int number = Integer.parseInt(Architectures.number(usage.architecture()));
      if (!Occupancy.knows(usage.architecture()) || number < tiles.getOrDefault("capability", 0)) {
        continue;
      }
      int threads = manifest.threads(usage.kernel());
      int dynamic = tiles.getOrDefault("shared", 0);
      Occupancy occupancy = Occupancy.of(usage.architecture(), threads, usage.registers(), usage.shared() + dynamic);
      int spills = usage.stack() + usage.spillStores() + usage.spillLoads();
      rows.add(new Row(List.of(usage.kernel(), usage.architecture(), Integer.toString(threads), Integer.toString(usage.registers()),
          Integer.toString(usage.shared()), tiles.containsKey("shared") ? Integer.toString(dynamic) : "-", Integer.toString(spills),
          Integer.toString(occupancy.blocks()), occupancy.limit(),
          tiles.containsKey("in_flight") ? Integer.toString(tiles.get("in_flight") * occupancy.blocks()) : "-")));
    }
    return of(toolkit, rows);
  }

  private static ResourceRecord of(String toolkit, List<Row> rows) {
    Map<String, Row> byPlace = new LinkedHashMap<>();
    rows.forEach(row -> byPlace.put(row.place(), row));
    return new ResourceRecord(toolkit, byPlace);
  }

  static ResourceRecord parse(String text) {
    String toolkit = "";
    List<Row> rows = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.startsWith(TOOLKIT)) {
        toolkit = line.substring(TOOLKIT.length()).strip();
      } else if (!line.isBlank() && !line.startsWith("#") && !line.startsWith(COLUMNS.getFirst() + " ")) {
        List<String> cells = List.of(line.strip().split("\\s+"));
        if (cells.size() != COLUMNS.size()) {
          throw new BuildFailure(FILE + ":" + number + ": a line has " + COLUMNS.size() + " cells, not " + cells.size() + "; record it anew: " + HOW);
        }
        rows.add(new Row(cells));
      }
    }
    return of(toolkit, rows);
  }

  String text() {
    int width = rows.values().stream().mapToInt(row -> row.cells.getFirst().length()).max().orElse(6);
    StringBuilder text = new StringBuilder("""
        # What each kernel takes, and how many of its blocks a multiprocessor holds. Made by the build, which fails when a kernel's line has changed:
        # %s
        # shared: bytes of fixed size; dynamic: bytes asked for at the launch, where the kernel states one number (else "-", and blocks leaves it out);
        # spills: bytes of stack and spills; limit: what allows no more blocks; in_flight: bytes of loads under way in a multiprocessor, where stated.
        """.formatted(HOW));
    text.append(TOOLKIT).append(toolkit).append('\n');
    text.append(line(width, COLUMNS));
    rows.values().forEach(row -> text.append(line(width, row.cells)));
    return text.toString();
  }

  private static String line(int width, List<String> cells) {
    return String.format(Locale.ROOT, "%-" + width + "s  %-6s  %7s  %9s  %6s  %7s  %6s  %6s  %-9s  %9s%n", cells.toArray());
  }

  /** What has changed since {@code this} was recorded, of the architectures that were compiled for. */
  List<String> changes(ResourceRecord built, List<String> architectures) {
    List<String> changes = new ArrayList<>();
    rows.values().stream().filter(row -> architectures.contains(row.cells.get(1)) && !built.rows.containsKey(row.place()))
        .forEach(row -> changes.add(row.place() + " is recorded and not there any more"));
    for (Row now : built.rows.values()) {
      Row before = rows.get(now.place());
      if (before == null) {
        changes.add(now.place() + " is not recorded");
      } else if (!before.equals(now)) {
        changes.add(now.place() + ": " + difference(before, now));
      }
    }
    return changes;
  }

  /** {@link #changes} as one complaint; empty where there are none. */
  List<String> complaints(ResourceRecord built, List<String> architectures) {
    List<String> changes = changes(built, architectures);
    if (changes.isEmpty()) {
      return List.of();
    }
    String shown = String.join("\n  ", changes.subList(0, Math.min(changes.size(), MOST_SHOWN)));
    String more = changes.size() > MOST_SHOWN ? "\n  and " + (changes.size() - MOST_SHOWN) + " more" : "";
    return List.of("native/cuda/" + FILE + " tells of other kernels:\n  " + shown + more + "\nif that is meant, record it and commit the file: " + HOW);
  }

  private static String difference(Row before, Row now) {
    List<String> parts = new ArrayList<>();
    for (int i = 2; i < COLUMNS.size(); i++) {
      if (!before.cells.get(i).equals(now.cells.get(i))) {
        parts.add(COLUMNS.get(i) + " " + before.cells.get(i) + " -> " + now.cells.get(i));
      }
    }
    return String.join(", ", parts);
  }
}
