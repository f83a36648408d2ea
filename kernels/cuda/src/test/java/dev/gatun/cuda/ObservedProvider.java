package dev.gatun.cuda;

import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cuda.kernel.Launch;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Spi;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.LongFunction;

/** The backend {@code cuda-observed}: {@code cuda-emulated}, and a note of every kernel in what it compiles. */
public final class ObservedProvider implements BackendProvider {
  private static final String NEWEST = "90";
  private static final int USUAL = 80;
  private static final Set<String> LAUNCHED = new ConcurrentSkipListSet<>();
  private static final List<Planned> PLANNED = new CopyOnWriteArrayList<>();

  private static final Set<String> EARLY = new ConcurrentSkipListSet<>();

  private final EmulatedProvider emulated = new EmulatedProvider();

  /** For {@link java.util.ServiceLoader}. */
  public ObservedProvider() {}

  /** The kernels that programs compiled since the last call launch. */
  public static Set<String> launched() {
    Set<String> names = new TreeSet<>(LAUNCHED);
    LAUNCHED.clear();
    return names;
  }

  /** An operator that was compiled, and how it was planned. */
  public record Planned(Operator operator, Plan plan) {}

  /** The operators of programs compiled since the last call. */
  public static List<Planned> planned() {
    List<Planned> all = List.copyOf(PLANNED);
    PLANNED.clear();
    return all;
  }

  /** The kernels that programs compiled since the last call tell to read constants ahead. */
  public static Set<String> early() {
    Set<String> names = new TreeSet<>(EARLY);
    EARLY.clear();
    return names;
  }

  private static void note(Launch launch) {
    LAUNCHED.add(launch.kernel().name());
    Manifest.Field early = launch.kernel().fields().get("early");
    if (early != null && launch.parameters().get(ValueLayout.JAVA_INT, early.offset()) != 0) {
      EARLY.add(launch.kernel().name());
    }
  }

  /** Every kernel that the emulator has; none where there is no emulator. */
  public static Set<String> kernels() {
    return KernelImages.find(KernelImages.EMULATOR).map(images -> new TreeSet<>(images.manifest().kernels().keySet())).orElseGet(TreeSet::new);
  }

  /**
   * The kernels that plans for the emulated device should choose: on the newest one those that no older device runs, which take the place of others; elsewhere all
   * others.
   */
  public static Set<String> kernelsToReach() {
    boolean newest = NEWEST.equals(System.getenv("GATUN_EMULATOR_ARCH"));
    Set<String> names = kernels();
    KernelImages.find(KernelImages.EMULATOR).ifPresent(images -> names.removeIf(name -> newest != images.manifest().kernel(name).capability() > USUAL));
    return names;
  }

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "cuda-observed";
  }

  @Override
  public String description() {
    return emulated.description();
  }

  @Override
  public Availability probe(BackendOptions options) {
    return emulated.probe(options);
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return new Observed(emulated.open(options));
  }

  private record Observed(BackendDriver driver) implements BackendDriver {
    @Override
    public DeviceExecutable compile(Program program) {
      DeviceExecutable executable = driver.compile(program);
      ((CudaExecutable) executable).launches().forEach(ObservedProvider::note);
      program.operators().forEach(operator -> {
        if (driver.plan(operator.toCase()) instanceof Plan plan) {
          PLANNED.add(new Planned(operator, plan));
        }
      });
      return executable;
    }

    @Override
    public DeviceProperties properties() {
      return driver.properties();
    }

    @Override
    public double bandwidth() {
      return driver.bandwidth();
    }

    @Override
    public DeviceMemory allocate(long bytes) {
      return driver.allocate(bytes);
    }

    @Override
    public Decision plan(Case wanted) {
      return driver.plan(wanted);
    }

    @Override
    public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
      Prepared prepared = driver.prepare(weight, use, allocate);
      if (!prepared.tensor().isPlain()) {
        LAUNCHED.add("repack_" + weight.dtype().label());
      }
      return prepared;
    }

    @Override
    public DeviceStream newStream() {
      return driver.newStream();
    }

    @Override
    public DeviceCache newCache(KvCache.Spec spec) {
      return driver.newCache(spec);
    }

    @Override
    public void close() {
      driver.close();
    }
  }
}
