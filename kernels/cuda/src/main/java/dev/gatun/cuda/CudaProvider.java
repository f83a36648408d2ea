package dev.gatun.cuda;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.CudaException;
import dev.gatun.ffi.cuda.CudaUnavailableException;
import dev.gatun.ffi.cuda.Device;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The backend named {@code cuda}: NVIDIA devices through their driver. */
public final class CudaProvider implements BackendProvider {
  /** Which device, by the driver's numbering; default 0. */
  static final String DEVICE = "device";

  /** {@code on}, or {@code off} to launch a program's kernels one by one instead of replaying a graph. */
  static final String GRAPH = "graph";

  /** {@code on}, or {@code off} to run every operator by itself. */
  static final String FUSE = "fuse";

  /**
   * {@code on} to launch kernels that allow it while those before them still run (programmatic dependent launch), or {@code off}; on by default where the device,
   * from compute capability 9.0 on, the kernels' machine code and the driver know it.
   */
  static final String PROGRAMMATIC = "programmatic";

  /** The options of this backend, and of the emulated one. */
  static final Set<String> KNOWN = Set.of(DEVICE, GRAPH, FUSE, PROGRAMMATIC);
  private static final int SCORE = 100;
  private static final long COPY_BYTES = 1L << 29;
  private static final int VERSION_STEP = 1000;
  private static final int MINOR_STEP = 10;

  /** For {@link java.util.ServiceLoader}. */
  public CudaProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    return "hand-written CUDA kernels, a program replayed as one graph";
  }

  @Override
  public Availability probe(BackendOptions options) {
    try {
      Cuda cuda = Cuda.load();
      Optional<String> noImages = noImages();
      if (noImages.isPresent()) {
        return Availability.no(noImages.get());
      }
      KernelImages images = images();
      Device device = device(newEnough(cuda, images), options);
      return serves(images, device).map(Availability::no).orElseGet(() -> Availability.yes(SCORE));
    } catch (CudaUnavailableException e) {
      // Whoever installs a driver now should know at once what else the build found missing.
      return Availability.no(Stream.concat(Stream.of(e.getMessage()), KernelImages.reason(KernelImages.DEVICE).stream()).toArray(String[]::new));
    } catch (CudaException | GatunException e) {
      return Availability.no(e.getMessage());
    }
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    check(name(), options);
    KernelImages images = images();
    try {
      Cuda cuda = newEnough(Cuda.load(), images);
      Device device = device(cuda, options);
      serves(images, device).ifPresent(reason -> {
        throw new GatunException("cuda: " + reason);
      });
      return Calls.get(() -> new CudaDriver(cuda, device, images, new CopyBandwidth(COPY_BYTES), options));
    } catch (CudaUnavailableException e) {
      throw new GatunException("cuda: " + e.getMessage(), e);
    }
  }

  static void check(String backend, BackendOptions options) {
    for (String option : options.values().keySet()) {
      if (!KNOWN.contains(option)) {
        throw new GatunException(backend + ": unknown option '" + option + "'; it takes " + KNOWN.stream().sorted().toList());
      }
    }
    for (String option : new String[] {GRAPH, FUSE, PROGRAMMATIC}) {
      if (!Set.of("on", "off").contains(options.get(option).orElse("on"))) {
        throw new GatunException(backend + ": option " + option + " is on or off, not " + options.get(option).get());
      }
    }
  }

  /** Whether an option that is on unless turned off is on. */
  static boolean isOn(BackendOptions options, String option) {
    return options.get(option).orElse("on").equals("on");
  }

  private static KernelImages images() {
    return KernelImages.find(KernelImages.DEVICE).orElseThrow(() -> new GatunException("cuda: " + noImages().orElseThrow()));
  }

  /** Why there are no kernels for devices; empty if there are. */
  private static Optional<String> noImages() {
    return KernelImages.bytes(KernelImages.DEVICE + "manifest").isPresent() ? Optional.empty()
        : KernelImages.reason(KernelImages.DEVICE).or(() -> Optional.of("no CUDA kernels are on the class path; add dev.gatun:gatun-cuda-kernels, and on the "
            + "module path --add-modules dev.gatun.cuda.kernels"));
  }

  private static Cuda newEnough(Cuda cuda, KernelImages images) {
    images.manifest().toolkit().ifPresent(toolkit ->
        cuda.requireDriver(Integer.parseInt(toolkit.substring(0, toolkit.indexOf('.'))) * VERSION_STEP, "the kernels, made by CUDA " + toolkit + ","));
    return cuda;
  }

  static Device device(Cuda cuda, BackendOptions options) {
    int count = cuda.deviceCount();
    if (count == 0) {
      throw new GatunException("the driver " + cuda.library() + " sees no device; check nvidia-smi and CUDA_VISIBLE_DEVICES");
    }
    String asked = options.get(DEVICE).orElse("0").strip();
    int ordinal;
    try {
      ordinal = Integer.parseInt(asked);
    } catch (NumberFormatException e) {
      throw new GatunException("option device is a number from 0 to " + (count - 1) + ", not '" + asked + "'", e);
    }
    if (ordinal < 0 || ordinal >= count) {
      throw new GatunException("there is no device " + ordinal + "; the driver sees " + count + ", numbered from 0");
    }
    return cuda.device(ordinal);
  }

  private static Optional<String> serves(KernelImages images, Device device) {
    Manifest manifest = images.manifest();
    int capability = device.computeCapability();
    String who = device.name() + " of compute capability " + capability / 10 + "." + capability % 10;
    if (!manifest.serves(capability)) {
      return Optional.of("the kernels were built for " + manifest.architectures() + ", which " + who + " cannot run; build them with -Prelease");
    }
    // A driver of the toolkit's major version runs its machine code, but compiles PTX only up to its own minor version.
    int wanted = manifest.toolkit().map(CudaProvider::version).orElse(0);
    if (!manifest.hasMachineCode(capability) && device.cuda().driverVersion() < wanted) {
      return Optional.of("the kernels hold no machine code for " + who + ", and the driver, for CUDA " + device.cuda().driverVersionText()
          + ", cannot compile PTX of CUDA " + manifest.toolkit().get() + "; update the driver, or build the kernels with -Prelease");
    }
    return Optional.empty();
  }

  /** 13000 for 13.0.88, as drivers count. */
  static int version(String toolkit) {
    String[] part = toolkit.split("\\.");
    return Integer.parseInt(part[0]) * VERSION_STEP + (part.length > 1 ? Integer.parseInt(part[1]) * MINOR_STEP : 0);
  }
}
