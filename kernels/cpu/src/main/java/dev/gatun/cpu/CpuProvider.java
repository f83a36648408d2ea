package dev.gatun.cpu;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** The backend named {@code cpu}; it works on every machine. */
public final class CpuProvider implements BackendProvider {
  /** With how many threads to work; default one for each core, as far as the process may use them. */
  static final String THREADS = "threads";

  /** {@code auto}, or {@code off} for the scalar form. */
  static final String VECTOR = "vector";

  /** {@code on}, or {@code off} to run every operator by itself. */
  static final String FUSE = "fuse";

  /** Which device, as other backends number theirs: there is one, 0. */
  static final String DEVICE = "device";

  /** {@code auto} for the best kernels in C that there are, {@code off}, or their level by name. */
  static final String NATIVE = "native";

  /** The system property that stands for {@link #NATIVE} where that is not given. */
  static final String NATIVE_PROPERTY = "gatun.cpu.native";

  /**
   * {@code exact}, or {@code weights} for products of more than eight rows of activations to round them to BF16 where the weights are of that type and the
   * processor multiplies it.
   */
  static final String ROUNDING = "rounding";

  private static final String EXACT = "exact";
  private static final String WEIGHTS = "weights";
  private static final Set<String> KNOWN = Set.of(THREADS, VECTOR, NATIVE, ROUNDING, FUSE, DEVICE);
  private static final int VECTOR_SCORE = 10;
  private static final int SCALAR_SCORE = 1;
  private static final int MOST_THREADS = 64;
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** For {@link java.util.ServiceLoader}. */
  public CpuProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "Java Vector API on every core, matmul and attention by kernels in C where there are some for the processor, weights used where they lie, reordered"
        + " where that pays";
  }

  static boolean hasVectorModule() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  private static final String NO_VECTORS = "the module jdk.incubator.vector is not there, so plain loops run where no kernel in C does, about fifteen"
      + " times slower; start java with --add-modules jdk.incubator.vector";

  @Override
  public Availability probe(BackendOptions options) {
    return hasVectorModule() ? Availability.yes(VECTOR_SCORE) : Availability.yes(SCALAR_SCORE, NO_VECTORS);
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    for (String option : options.values().keySet()) {
      if (!KNOWN.contains(option)) {
        throw new GatunException("cpu: unknown option '" + option + "'; it takes " + KNOWN.stream().sorted().toList());
      }
    }
    String vector = options.get(VECTOR).orElse("auto");
    String fuse = options.get(FUSE).orElse("on");
    if (!Set.of("auto", "off").contains(vector) || !Set.of("on", "off").contains(fuse)) {
      throw new GatunException("cpu: option vector is auto or off, fuse is on or off; got vector=" + vector + ", fuse=" + fuse);
    }
    if (!options.get(DEVICE).orElse("0").strip().equals("0")) {
      throw new GatunException("cpu: option device is 0, the only one there is, not '" + options.get(DEVICE).get() + "'");
    }
    Lanes lanes = vector.equals("auto") && hasVectorModule() ? Lanes.VECTOR : Lanes.SCALAR;
    if (vector.equals("auto") && lanes == Lanes.SCALAR && WARNED.compareAndSet(false, true)) {
      System.getLogger("dev.gatun.cpu").log(System.Logger.Level.WARNING, "cpu backend: " + NO_VECTORS);
    }
    int processors = Runtime.getRuntime().availableProcessors();
    int threads = options.positive(THREADS, Cores.threads(Cores.LINUX, processors));
    int most = Math.max(MOST_THREADS, 4 * processors);
    if (threads > most) {
      throw new GatunException("cpu: option threads is " + threads + "; this machine has " + processors + " processors, and more than " + most
          + " threads only wait for each other");
    }
    return new CpuDriver(new WeightLayout(lanes, natives(options, vector), rounding(options)), threads, fuse.equals("on"), Slowdown.asked());
  }

  private static boolean rounding(BackendOptions options) {
    String asked = options.get(ROUNDING).orElse(EXACT).strip();
    if (!Set.of(EXACT, WEIGHTS).contains(asked)) {
      throw new GatunException("cpu: option rounding is " + EXACT + " or " + WEIGHTS + "; got '" + asked + "'");
    }
    return asked.equals(WEIGHTS);
  }

  /** Who takes the Vector API away wants plain loops, unless kernels in C are asked for too. */
  private static NativeKernels natives(BackendOptions options, String vector) {
    Optional<String> property = Optional.ofNullable(System.getProperty(NATIVE_PROPERTY)).filter(value -> !value.isBlank());
    String asked = options.get(NATIVE).or(() -> property).orElse(NativeKernels.AUTO).strip();
    boolean plain = vector.equals("off") && asked.equals(NativeKernels.AUTO);
    return plain ? NativeKernels.off("the option vector is off, and native names no level") : NativeKernels.of(asked);
  }
}
