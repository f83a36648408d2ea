package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The NVIDIA Management Library, where there is one: facts that the CUDA driver does not tell. It stays loaded. */
public final class Nvml {
  private static final List<String> PLACES = List.of("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1", "nvml.dll");
  private static final int TEXT_BYTES = 96;
  private static final int CLOCK_SM = 1;
  private static final int CLOCK_MEMORY = 2;

  private static final class Functions extends LibraryFunctions {
    final Entry nvmlInit = required("nvmlInit_v2", "");
    final Entry nvmlErrorString = optional("nvmlErrorString", "I");
    final Entry nvmlSystemGetDriverVersion = required("nvmlSystemGetDriverVersion", "LI");
    final Entry nvmlDeviceGetHandleByUUID = required("nvmlDeviceGetHandleByUUID", "LL");
    final Entry nvmlDeviceGetName = required("nvmlDeviceGetName", "LLI");
    final Entry nvmlDeviceGetPowerUsage = required("nvmlDeviceGetPowerUsage", "LL");
    final Entry nvmlDeviceGetTemperature = required("nvmlDeviceGetTemperature", "LIL");
    final Entry nvmlDeviceGetClockInfo = required("nvmlDeviceGetClockInfo", "LIL");

    Functions(DynamicLibrary library) {
      super(library, library.name());
    }
  }

  private static final class Found {
    static final Optional<Nvml> NVML = DynamicLibrary.firstOf(PLACES).flatMap(Nvml::initialised);
  }

  /** A device as NVML knows it. What a device does not tell is empty. */
  public final class Unit {
    private final long handle;
    private final String uuid;

    private Unit(long handle, String uuid) {
      this.handle = handle;
      this.uuid = uuid;
    }

    /** Its name. */
    public String name() {
      return text(functions.nvmlDeviceGetName, out -> call(functions.nvmlDeviceGetName, handle, out, TEXT_BYTES));
    }

    /** The power it draws now, in watts. */
    public OptionalDouble watts() {
      OptionalInt milliwatts = number(out -> call(functions.nvmlDeviceGetPowerUsage, handle, out));
      return milliwatts.isPresent() ? OptionalDouble.of(milliwatts.getAsInt() / 1000.0) : OptionalDouble.empty();
    }

    /** Its temperature in degrees Celsius. */
    public OptionalInt celsius() {
      return number(out -> call(functions.nvmlDeviceGetTemperature, handle, 0, out));
    }

    /** The clock of its multiprocessors now, in MHz. */
    public OptionalInt multiprocessorMegahertz() {
      return number(out -> call(functions.nvmlDeviceGetClockInfo, handle, CLOCK_SM, out));
    }

    /** The clock of its memory now, in MHz. */
    public OptionalInt memoryMegahertz() {
      return number(out -> call(functions.nvmlDeviceGetClockInfo, handle, CLOCK_MEMORY, out));
    }

    @Override
    public String toString() {
      return uuid;
    }
  }

  private final Functions functions;

  private Nvml(Functions functions) {
    this.functions = functions;
  }

  /** The system's library; empty when there is none or it does not start. */
  public static Optional<Nvml> find() {
    return Found.NVML;
  }

  /** This library; empty when it is none or does not start. */
  public static Optional<Nvml> find(Path library) {
    return DynamicLibrary.firstOf(List.of(library.toAbsolutePath().toString())).flatMap(Nvml::initialised);
  }

  private static Optional<Nvml> initialised(DynamicLibrary library) {
    Functions functions = new Functions(library);
    return functions.missing().isEmpty() && call(functions.nvmlInit) == 0 ? Optional.of(new Nvml(functions)) : Optional.empty();
  }

  /** The driver's release, as {@code 580.65.06}. */
  public String driverVersion() {
    return text(functions.nvmlSystemGetDriverVersion, out -> call(functions.nvmlSystemGetDriverVersion, out, TEXT_BYTES));
  }

  /** That device, if NVML shows it too. */
  public Optional<Unit> unit(Device device) {
    return unit(device.uuid());
  }

  /** The device with that UUID, as {@link Device#uuid()} gives it. */
  public Optional<Unit> unit(String uuid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.JAVA_LONG);
      int status = call(functions.nvmlDeviceGetHandleByUUID, arena.allocateFrom(uuid).address(), handle.address());
      return status == 0 ? Optional.of(new Unit(handle.get(ValueLayout.JAVA_LONG, 0), uuid)) : Optional.empty();
    }
  }

  private String text(Entry entry, java.util.function.LongToIntFunction made) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(TEXT_BYTES);
      int status = made.applyAsInt(buffer.address());
      if (status != 0) {
        throw new LibraryException(functions.library(), entry.name(), status, Downcall.text(functions.nvmlErrorString, status), "");
      }
      return NativeText.in(buffer);
    }
  }

  private static OptionalInt number(java.util.function.LongToIntFunction made) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      return made.applyAsInt(number.address()) == 0 ? OptionalInt.of(number.get(ValueLayout.JAVA_INT, 0)) : OptionalInt.empty();
    }
  }
}
