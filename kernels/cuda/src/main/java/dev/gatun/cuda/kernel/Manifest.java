package dev.gatun.cuda.kernel;

import dev.gatun.DType;
import dev.gatun.GatunException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a set of kernel images holds: its units, the kernels of each with the layout of their parameters, the architectures and the driver they need. Its text
 * format is described in {@code native/cuda/README.md}.
 */
public final class Manifest {
  private static final String MAGIC = "gatun-cuda-manifest";
  private static final String VERSION = "1";

  /** A file of kernels that is loaded as one module. */
  public record Unit(String name, String image, String sha256) {}

  /** A field of a kernel's parameters: {@code kind} is ptr, i32, u32, i64, f32, f64, rows, tensor_map or dtype. */
  public record Field(String name, String kind, int offset, int bytes) {}

  private final String source;
  private final Map<String, Unit> units = new LinkedHashMap<>();
  private final Map<String, Kernel> kernels = new LinkedHashMap<>();
  private final List<String> architectures = new ArrayList<>();
  private Optional<String> toolkit = Optional.empty();
  private int driver;

  private Manifest(String source) {
    this.source = source;
  }

  /**
   * Reads a manifest.
   *
   * @param source where the text came from, for messages
   * @throws GatunException naming the line that makes no sense, or an element type that has another number here
   */
  public static Manifest parse(String source, String text) {
    Manifest manifest = new Manifest(source);
    Map<String, List<Field>> fields = new HashMap<>();
    Map<String, Map<String, Long>> tiles = new HashMap<>();
    List<String[]> kernels = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String[] part = line.split("\t");
      try {
        manifest.read(part, number, fields, tiles, kernels);
      } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
        throw new GatunException(source + ", line " + number + ": cannot read '" + line + "'; build the kernels anew", e);
      }
    }
    if (number == 0) {
      throw new GatunException(source + " is empty; build the kernels anew");
    }
    for (String[] part : kernels) {
      Kernel kernel = new Kernel(part[1], part[2], count(part[3], "threads="), count(part[4], "params="),
          fields.getOrDefault(part[2], List.of()), tiles.getOrDefault(part[2], Map.of()));
      manifest.kernels.put(kernel.name(), kernel);
    }
    return manifest;
  }

  private void read(String[] part, int number, Map<String, List<Field>> fields, Map<String, Map<String, Long>> tiles, List<String[]> kernelLines) {
    if (number == 1 && !(part[0].equals(MAGIC) && part[1].equals(VERSION))) {
      throw new IllegalArgumentException("not a manifest of version " + VERSION);
    }
    switch (part[0]) {
      case "toolkit" -> toolkit = Optional.of(part[1]);
      case "driver" -> driver = Integer.parseInt(part[1]);
      case "architecture" -> {
        if (!part[1].matches("(sm|compute)_\\d+[a-z]?")) {
          throw new IllegalArgumentException("not an architecture");
        }
        architectures.add(part[1]);
      }
      case "unit" -> units.put(part[1], new Unit(part[1], part[2], part.length > 3 ? part[3] : ""));
      case "kernel" -> {
        count(part[3], "threads=");
        count(part[4], "params=");
        kernelLines.add(part);
      }
      case "field" -> fields.computeIfAbsent(part[1], k -> new ArrayList<>())
          .add(new Field(part[2], part[3], Integer.parseInt(part[4]), Integer.parseInt(part[5])));
      case "tile" -> tiles.computeIfAbsent(part[1], k -> new LinkedHashMap<>()).put(part[2], Long.parseLong(part[3]));
      case "dtype" -> {
        if (DType.valueOf(part[1]).ordinal() != Integer.parseInt(part[2])) {
          throw new IllegalArgumentException("another number than this library's for " + part[1]);
        }
      }
      default -> {
        // Later versions may add records that this one does not need.
      }
    }
  }

  private static int count(String part, String prefix) {
    if (!part.startsWith(prefix)) {
      throw new IllegalArgumentException("expected " + prefix);
    }
    return Integer.parseInt(part.substring(prefix.length()));
  }

  /** A kernel by its name without {@code gatun_}. @throws GatunException if there is none, which means that the jars do not match */
  public Kernel kernel(String name) {
    Kernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new GatunException(source + " has no kernel " + name + "; use matching versions of gatun-cuda and its kernels");
    }
    return kernel;
  }

  /** Whether there is a kernel of this name. */
  public boolean has(String name) {
    return kernels.containsKey(name);
  }

  /** All kernels by name. */
  public Map<String, Kernel> kernels() {
    return Map.copyOf(kernels);
  }

  /** A unit by name. */
  public Unit unit(String name) {
    Unit unit = units.get(name);
    if (unit == null) {
      throw new GatunException(source + " has no unit " + name + "; build the kernels anew");
    }
    return unit;
  }

  /** All units. */
  public List<Unit> units() {
    return List.copyOf(units.values());
  }

  /** What the images were made for: {@code sm_80} for machine code, {@code compute_80} for PTX; empty on the emulator. */
  public List<String> architectures() {
    return List.copyOf(architectures);
  }

  /** The toolkit that made the images, if they are a device's. */
  public Optional<String> toolkit() {
    return toolkit;
  }

  /** The oldest driver branch (580 for R580) that loads the images; 0 where none is needed. */
  public int driver() {
    return driver;
  }

  /** Whether a device of this compute capability (80 for 8.0) has machine code here, or PTX that its driver can compile. */
  public boolean serves(int computeCapability) {
    return architectures.isEmpty() || architectures.stream().anyMatch(a -> serves(a, computeCapability));
  }

  /** Whether a device of this compute capability has machine code here, so that its driver need not compile PTX. */
  public boolean hasMachineCode(int computeCapability) {
    return architectures.isEmpty() || architectures.stream().anyMatch(a -> !a.startsWith("compute_") && serves(a, computeCapability));
  }

  /** Whether what a device of this compute capability runs was made for one of {@code least} or more. */
  public boolean serves(int computeCapability, int least) {
    return computeCapability >= least
        && (architectures.isEmpty() || architectures.stream().anyMatch(a -> number(a) >= least && serves(a, computeCapability)));
  }

  private static int number(String architecture) {
    return Integer.parseInt(architecture.replaceAll("\\D", ""));
  }

  private static boolean serves(String architecture, int capability) {
    boolean ptx = architecture.startsWith("compute_");
    boolean exact = !Character.isDigit(architecture.charAt(architecture.length() - 1));
    int number = number(architecture);
    if (exact) {
      return number == capability;
    }
    return ptx ? number <= capability : number / 10 == capability / 10 && number <= capability;
  }

  /** Where it was read from. */
  public String source() {
    return source;
  }
}
