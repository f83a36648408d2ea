package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A loaded and initialised CUDA driver library. It is never unloaded and needs no closing. Several may be loaded at once, as the system's
 * driver and an emulator; what one makes belongs to it alone.
 */
public final class Cuda {
  /** The system property that names the driver library to load instead of the system's. */
  public static final String LIBRARY_PROPERTY = "gatun.cuda.library";

  private static final List<String> PLACES = List.of("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "nvcuda.dll");

  private final Driver driver;
  private final int driverVersion;
  private final List<Device> devices;
  /** One for all: libraries loaded twice are one driver, which has one current context a thread. */
  private static final ThreadLocal<Context> BOUND = new ThreadLocal<>();
  private volatile boolean sharesThreads;

  private Cuda(Driver driver, int driverVersion) {
    this.driver = driver;
    this.driverVersion = driverVersion;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      driver.check(driver.cuDeviceGetCount, call(driver.cuDeviceGetCount, number.address()), library());
      List<Device> found = new ArrayList<>();
      int count = number.get(ValueLayout.JAVA_INT, 0);
      for (int i = 0; i < count; i++) {
        driver.check(driver.cuDeviceGet, call(driver.cuDeviceGet, number.address(), i), library());
        found.add(new Device(this, i, number.get(ValueLayout.JAVA_INT, 0)));
      }
      this.devices = List.copyOf(found);
    }
  }

  /**
   * Loads and initialises the system's driver: the file or name in {@value #LIBRARY_PROPERTY} if that property is set, and no other then;
   * else {@code libcuda.so.1}, the WSL driver's folder, {@code nvcuda.dll}.
   *
   * @throws CudaUnavailableException with every place tried, the reason of each and advice
   */
  public static Cuda load() {
    String asked = System.getProperty(LIBRARY_PROPERTY, "");
    return loadFirst(asked.isBlank() ? PLACES : List.of(asked), !asked.isBlank());
  }

  /**
   * Loads and initialises this library and no other, as an emulator's.
   *
   * @throws CudaUnavailableException with the reason
   */
  public static Cuda load(Path library) {
    return loadFirst(List.of(library.toAbsolutePath().toString()), true);
  }

  private static Cuda loadFirst(List<String> places, boolean asked) {
    StringBuilder reasons = new StringBuilder();
    for (String place : places) {
      try {
        return loaded(place);
      } catch (DynamicLibrary.NotLoaded e) {
        String reason = e.getMessage().startsWith(place + ": ") ? e.getMessage().substring(place.length() + 2) : e.getMessage();
        reasons.append(reasons.isEmpty() ? "" : "; ").append(place).append(": ").append(reason);
      }
    }
    throw new CudaUnavailableException("no CUDA driver: " + reasons + ". " + (asked
        ? "Name the driver's library (libcuda.so.1, nvcuda.dll) or leave -D" + LIBRARY_PROPERTY + " away to use the system's."
        : "Install the NVIDIA driver, or name its library with -D" + LIBRARY_PROPERTY + "=FILE."));
  }

  private static Cuda loaded(String place) throws DynamicLibrary.NotLoaded {
    DynamicLibrary library = DynamicLibrary.open(place);
    try (Arena arena = Arena.ofConfined()) {
      Driver unversioned = new Driver(library, place);
      if (!unversioned.missing().isEmpty()) {
        throw new DynamicLibrary.NotLoaded("it lacks " + some(unversioned.missing())
            + (unversioned.cuDriverGetVersion.isPresent() ? " (the driver is older than CUDA 11.8)" : " (this is no CUDA driver)"));
      }
      MemorySegment version = arena.allocate(ValueLayout.JAVA_INT);
      unversioned.check(unversioned.cuDriverGetVersion, call(unversioned.cuDriverGetVersion, version.address()), place);
      int number = version.get(ValueLayout.JAVA_INT, 0);
      Driver driver = new Driver(library, place + ", a driver for CUDA " + DriverRelease.cudaText(number));
      driver.check(driver.cuInit, call(driver.cuInit, 0), place);
      return new Cuda(driver, number);
    } catch (CudaException e) {
      throw new DynamicLibrary.NotLoaded(e.getMessage());
    }
  }

  private static String some(List<String> names) {
    return names.size() <= 3 ? String.join(", ", names) : String.join(", ", names.subList(0, 3)) + " and " + (names.size() - 3) + " more";
  }

  /** The file or the name under which the library was loaded. */
  public String library() {
    return driver.library();
  }

  /** The newest CUDA version that the driver serves, as {@code cuDriverGetVersion} gives it: 1000 × major + 10 × minor, so 13000 for 13.0. */
  public int driverVersion() {
    return driverVersion;
  }

  /** The driver's CUDA version as text, as {@code 13.0}. */
  public String driverVersionText() {
    return DriverRelease.cudaText(driverVersion);
  }

  /**
   * Refuses a driver that is too old.
   *
   * @param cudaVersion the CUDA version needed, as 13000 for 13.0
   * @param what what needs it, as the message begins with it: {@code the kernels of gatun-cuda-kernels.jar}
   * @throws CudaUnavailableException naming the driver needed and the one found
   */
  public void requireDriver(int cudaVersion, String what) {
    if (driverVersion < cudaVersion) {
      throw new CudaUnavailableException(DriverRelease.tooOld(what, cudaVersion, driverVersion, library(), Nvml.find().map(Nvml::driverVersion)));
    }
  }

  /** How many devices the driver shows to this process. */
  public int deviceCount() {
    return devices.size();
  }

  /**
   * The device of that number, from 0.
   *
   * @throws CudaUnavailableException when there are not so many
   */
  public Device device(int ordinal) {
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new CudaUnavailableException("there is no CUDA device " + ordinal + "; " + library() + " shows " + devices.size()
          + " (CUDA_VISIBLE_DEVICES limits what it shows)");
    }
    return devices.get(ordinal);
  }

  @Override
  public String toString() {
    return library() + " (CUDA " + driverVersionText() + ")";
  }

  Driver driver() {
    return driver;
  }

  /** The context that was last bound to the calling thread. */
  static ThreadLocal<Context> bound() {
    return BOUND;
  }

  /** From now on another library may change a thread's context behind our back, so each call binds anew. */
  void shareThreads() {
    sharesThreads = true;
  }

  boolean sharesThreads() {
    return sharesThreads;
  }

  /** The device that the driver calls by this number of its own, which is not the ordinal by contract. */
  Device deviceOf(int handle) {
    return devices.stream().filter(d -> d.handle() == handle).findFirst()
        .orElseThrow(() -> new CudaUnavailableException(library() + " names a device " + handle + " that it did not list"));
  }
}
