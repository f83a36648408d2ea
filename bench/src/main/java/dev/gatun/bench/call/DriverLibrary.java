package dev.gatun.bench.call;

import dev.gatun.bench.NotRunException;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.CudaUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * The driver that calls are measured on: {@code system}, or {@code emulator}, which is named so and stands in for correctness alone. JCuda's natives need a library that
 * the loader knows as {@code libcuda.so.1}: a copy of the emulator that bears this name is loaded first, and the loader then takes it. Functions that the emulator
 * lacks are bound when they are first called, and none of them is.
 */
public final class DriverLibrary {
  /** The system's driver. */
  public static final String SYSTEM = "system";
  /** The emulator. */
  public static final String EMULATOR = "emulator";

  private static final String NEEDED = "libcuda.so.1";
  private static final String RESOURCES = "META-INF/gatun/cuda-emulator/";
  private static final String EMULATOR_PROPERTY = "gatun.cuda.emulator";

  private static Path renamed;

  private DriverLibrary() {}

  /** Loads it. @throws NotRunException with the reason where that is not possible, or it shows no device */
  public static Cuda open(String driver) {
    try {
      Cuda cuda = switch (driver) {
        case SYSTEM -> Cuda.load();
        case EMULATOR -> Cuda.load(emulator());
        default -> throw new NotRunException("driver=" + driver + " is none; choose " + SYSTEM + " or " + EMULATOR);
      };
      cuda.device(0);
      return cuda;
    } catch (CudaUnavailableException e) {
      throw new NotRunException(e.getMessage() + (driver.equals(SYSTEM) ? " -p driver=" + EMULATOR + " runs the calls for correctness." : ""));
    }
  }

  /** Loads JCuda over that driver. @throws NotRunException with the reason where that is not possible */
  public static Cuda openWithJCuda(String driver) {
    Cuda cuda = open(driver);
    try {
      JCudaDriver.setExceptionsEnabled(true);
      JCudaDriver.cuInit(0);
    } catch (LinkageError e) {
      throw new NotRunException("JCuda's native library does not load (" + firstLine(e) + "); it needs Linux or Windows on x86_64 and a " + NEEDED);
    }
    return cuda;
  }

  /** Lets the backend {@code cuda-emulated} use the copy that JCuda uses, so that both see the same memory. To be called before it is opened. */
  public static void shareEmulator() {
    System.setProperty(EMULATOR_PROPERTY, emulator().toString());
  }

  private static String firstLine(Throwable e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }

  private static synchronized Path emulator() {
    if (renamed == null) {
      try {
        Path folder = Files.createTempDirectory("gatun-bench-driver");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        renamed = Files.write(folder.resolve(NEEDED), SharedName.changed(original(), NEEDED));
      } catch (IOException e) {
        throw new UncheckedIOException("the emulator's library cannot be unpacked", e);
      }
    }
    return renamed;
  }

  private static byte[] original() throws IOException {
    String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
    ClassLoader loader = DriverLibrary.class.getClassLoader();
    try (InputStream library = loader.getResourceAsStream(RESOURCES + os + "-" + arch + "/libgatun_emulator.so")) {
      if (library == null) {
        throw new NotRunException("the emulator for " + os + "-" + arch + " is not in this jar; it is built on Linux by g++");
      }
      return library.readAllBytes();
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      System.getLogger("dev.gatun.bench").log(System.Logger.Level.DEBUG, "{0} stays behind", folder);
    }
  }
}
