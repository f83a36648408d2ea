import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Bytes under way in a multiprocessor beside what the memory's bandwidth needs, as a table in a document, between two marks. By Little's law bandwidth times latency
 * is what must be under way at any time in all multiprocessors together.
 */
record InFlightTable(List<ResourceRecord.Row> rows) {
  static final Path DOCUMENT = Path.of("docs/performance.md");
  private static final String BEGIN = "<!-- bytes in flight: made by the build from native/cuda/resources.txt -->";
  private static final String END = "<!-- end of bytes in flight -->";
  private static final String ARCHITECTURE = "sm_90a";

  /** Copy bandwidth of one H200, in bytes a second. */
  private static final double BANDWIDTH = 4.3e12;

  /** Of a load under full use of the memory. Not measured: about twice what idle memory takes. */
  private static final double LATENCY = 700e-9;
  private static final int MULTIPROCESSORS = 132;

  static InFlightTable of(ResourceRecord record) {
    return new InFlightTable(record.rows().values().stream()
        .filter(row -> row.cells().get(1).equals(ARCHITECTURE) && !row.cells().getLast().equals("-")).toList());
  }

  /** Bytes that a multiprocessor must have under way. */
  static double needed() {
    return BANDWIDTH * LATENCY / MULTIPROCESSORS;
  }

  String text() {
    List<String> lines = new ArrayList<>(List.of(BEGIN, "", String.format(Locale.ROOT,
        "Needed: %.1f TB/s times %.0f ns over %d multiprocessors, %.1f KB in each (Little's law; the latency under load is assumed, not measured).", BANDWIDTH / 1e12,
        LATENCY * 1e9, MULTIPROCESSORS, needed() / 1e3), "", "| kernel, " + ARCHITECTURE + " | blocks a multiprocessor | KB in flight | of the need |",
        "|---|---|---|---|"));
    for (ResourceRecord.Row row : rows) {
      double bytes = Long.parseLong(row.cells().getLast());
      lines.add(String.format(Locale.ROOT, "| `%s` | %s | %.1f | %.1f |", row.cells().getFirst(), row.cells().get(7), bytes / 1e3, bytes / needed()));
    }
    lines.addAll(List.of("", END));
    return String.join("\n", lines);
  }

  /** A document with this table in place of the one it has; the same where it has no place for one. */
  String into(String document) {
    int from = document.indexOf(BEGIN);
    int to = document.indexOf(END);
    return from < 0 || to < from ? document : document.substring(0, from) + text() + document.substring(to + END.length());
  }

  /** Writes the table where the project has the document. */
  void write(Path project) {
    Path file = project.resolve(DOCUMENT);
    if (Files.exists(file)) {
      new Output(project).write(DOCUMENT.toString(), into(new String(Output.read(file), StandardCharsets.UTF_8)));
    }
  }
}
