import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A manifest of kernels: text, one record a line, fields separated by tabs, first the kind. The library built for the host tells kernels,
 * fields, tiles and dtypes; the build adds what it knows of images and devices.
 */
record ManifestFile(List<List<String>> records) {
  private static final String HEADER = "gatun-cuda-manifest";
  private static final String VERSION = "1";
  private static final List<String> KINDS =
      List.of(HEADER, "toolkit", "driver", "architecture", "unit", "kernel", "field", "tile", "dtype", "sources");
  // How many fields a record has at least, the kind included.
  private static final Map<String, Integer> FIELDS = Map.of(HEADER, 2, "toolkit", 2, "driver", 2, "architecture", 2, "unit", 2, "kernel", 5,
      "field", 6, "tile", 4, "dtype", 3, "sources", 2);

  /** Reads a manifest; {@code name} is for messages. */
  static ManifestFile parse(String name, String text) {
    List<List<String>> records = new ArrayList<>();
    int number = 0;
    for (String line : text.split("\n")) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      List<String> record = List.of(line.split("\t"));
      if (!KINDS.contains(record.getFirst())) {
        throw new BuildFailure(name + ":" + number + ": unknown record " + record.getFirst());
      }
      if (record.size() < FIELDS.get(record.getFirst())) {
        throw new BuildFailure(name + ":" + number + ": a record " + record.getFirst() + " has " + FIELDS.get(record.getFirst())
            + " fields, not " + record.size());
      }
      if (records.isEmpty() && !record.equals(List.of(HEADER, VERSION))) {
        throw new BuildFailure(name + ":" + number + ": expected " + HEADER + " " + VERSION + ", found " + line.replace('\t', ' '));
      }
      records.add(record);
    }
    if (records.isEmpty()) {
      throw new BuildFailure(name + " is empty");
    }
    return new ManifestFile(List.copyOf(records));
  }

  /** The symbols of the kernels, sorted. */
  List<String> kernels() {
    return of("kernel").map(record -> record.get(2)).sorted().toList();
  }

  /** The threads of a block of a kernel. */
  int threads(String kernel) {
    return of("kernel").filter(record -> record.get(2).equals(kernel)).map(record -> Integer.parseInt(record.get(3).substring("threads=".length())))
        .findFirst().orElseThrow(() -> new BuildFailure("the manifest has no kernel " + kernel));
  }

  /** The numbers that a kernel states. */
  Map<String, Integer> tiles(String kernel) {
    Map<String, Integer> tiles = new TreeMap<>();
    of("tile").filter(record -> record.get(1).equals(kernel)).forEach(record -> tiles.put(record.get(2), Integer.parseInt(record.get(3))));
    return tiles;
  }

  /** The same kernels with other images, and what is known of these: records like {@code toolkit 13.0.88}. */
  ManifestFile with(List<List<String>> facts, Map<String, Image> images, String sources) {
    checkUnits(images);
    List<List<String>> merged = new ArrayList<>();
    merged.add(List.of(HEADER, VERSION));
    merged.addAll(facts);
    images.entrySet().stream().sorted(Map.Entry.comparingByKey())
        .forEach(image -> merged.add(List.of("unit", image.getKey(), image.getValue().file(), image.getValue().sha256())));
    for (String kind : List.of("kernel", "field", "tile", "dtype")) {
      of(kind).forEach(merged::add);
    }
    merged.add(List.of("sources", sources));
    return new ManifestFile(List.copyOf(merged));
  }

  /** A unit's file in the jar and the SHA-256 of it. */
  record Image(String file, String sha256) {}

  String text() {
    StringBuilder text = new StringBuilder();
    records.forEach(record -> text.append(String.join("\t", record)).append('\n'));
    return text.toString();
  }

  private void checkUnits(Map<String, Image> images) {
    TreeSet<String> with = new TreeSet<>(of("kernel").map(record -> record.get(1)).toList());
    TreeSet<String> without = new TreeSet<>(images.keySet());
    without.removeAll(with);
    if (!without.isEmpty()) {
      throw new BuildFailure("no GATUN_KERNEL in the unit " + String.join(", ", without) + "; give it one or take the file away");
    }
    with.removeAll(images.keySet());
    if (!with.isEmpty()) {
      throw new BuildFailure("kernels of the unit " + String.join(", ", with)
          + " have no image; the emulator was built from other sources");
    }
    List<String> names = kernels();
    names.stream().filter(name -> names.indexOf(name) != names.lastIndexOf(name)).min(Comparator.naturalOrder()).ifPresent(name -> {
      throw new BuildFailure("the kernel " + name + " is declared twice");
    });
  }

  private Stream<List<String>> of(String kind) {
    return records.stream().filter(record -> record.getFirst().equals(kind));
  }
}
