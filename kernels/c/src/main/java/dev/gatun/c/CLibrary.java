package dev.gatun.c;

import dev.gatun.BackendOptions;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A loaded vendor library and its functions. It stays loaded for the life of the process, since its threads may outlive any handle to it.
 */
final class CLibrary {
  /** {@code GATUN_BACKEND_VERSION} of the header in this jar. */
  static final int VERSION = 2;

  private static final int LONGEST_MESSAGE = 1 << 14;

  private final String backend;
  private final String file;
  private final SymbolLookup symbols;
  private final CFunction message;
  private final Map<String, Optional<CFunction>> launches = new ConcurrentHashMap<>();
  final CFunction open;
  final CFunction close;
  final CFunction properties;
  final CFunction allocate;
  final CFunction free;
  final CFunction createStream;
  final CFunction destroyStream;
  final CFunction copy;
  final CFunction isIdle;
  final CFunction synchronize;

  private CLibrary(String backend, String file, SymbolLookup symbols) throws NotLoaded {
    this.backend = backend;
    this.file = file;
    this.symbols = symbols;
    List<String> missing = new ArrayList<>();
    CFunction version = find("gatun_backend_version", "", missing);
    this.message = find("gatun_message", "", missing);
    this.open = find("gatun_device_open", "LIL", missing);
    this.close = find("gatun_device_close", "L", missing);
    this.properties = find("gatun_device_properties", "LL", missing);
    this.allocate = find("gatun_device_allocate", "LLL", missing);
    this.free = find("gatun_device_free", "LL", missing);
    this.createStream = find("gatun_stream_create", "LL", missing);
    this.destroyStream = find("gatun_stream_destroy", "LL", missing);
    this.copy = find("gatun_stream_copy", "LLLLLI", missing);
    this.isIdle = find("gatun_stream_is_idle", "LLL", missing);
    this.synchronize = find("gatun_stream_synchronize", "LL", missing);
    if (missing.contains("gatun_backend_version")) {
      throw new NotLoaded(file
          + " is no Gatun backend: it exports no gatun_backend_version; implement gatun_backend.h, and export its functions");
    }
    int found = version.call();
    if (found != VERSION) {
      throw new NotLoaded(file + " was compiled with version " + found + " of gatun_backend.h, this gatun-c needs " + VERSION
          + "; use the library and the jar that belong together");
    }
    if (!missing.isEmpty()) {
      throw new NotLoaded(file + " lacks " + String.join(", ", missing)
          + "; export every function that gatun_backend.h does not call optional");
    }
  }

  private CFunction find(String name, String shape, List<String> missing) {
    Optional<CFunction> found = optional(name, shape);
    if (found.isEmpty()) {
      missing.add(name);
    }
    return found.orElse(null);
  }

  private Optional<CFunction> optional(String name, String shape) {
    return symbols.find(name).map(code -> CFunction.of(name, code, shape));
  }

  /**
   * Loads a library.
   *
   * @param backend the backend's name, for messages
   * @param library a file or a name, as {@link CBackendProvider} takes them
   * @param property the system property that names another
   */
  static CLibrary load(String backend, String library, String property) throws NotLoaded {
    try {
      Path file = library.contains("/") || library.contains("\\") ? Path.of(library).toAbsolutePath() : null;
      if (file == null) {
        file = onLibraryPath(library).orElse(null);
      }
      return file == null ? byName(backend, library) : byFile(backend, file);
    } catch (NotLoaded e) {
      throw new NotLoaded(e.getMessage()
          + (e.isAboutPlace() ? "; install it there, put its folder on java.library.path, or name it with -D" + property
          + "=FILE" : ""));
    } catch (IllegalCallerException e) {
      String module = CLibrary.class.getModule().isNamed() ? CLibrary.class.getModule().getName() : "ALL-UNNAMED";
      throw new NotLoaded("native access is not allowed; start java with --enable-native-access=" + module);
    }
  }

  private static Optional<Path> onLibraryPath(String library) {
    return Arrays.stream(System.getProperty("java.library.path", "").split(File.pathSeparator)).filter(folder -> !folder.isBlank())
        .flatMap(folder -> fileNames(library).map(name -> Path.of(folder, name))).filter(Files::isRegularFile).map(Path::toAbsolutePath)
            .findFirst();
  }

  private static Stream<String> fileNames(String library) {
    return library.contains(".") ? Stream.of(library) : Stream.of(System.mapLibraryName(library));
  }

  @SuppressWarnings("restricted")
  private static CLibrary byFile(String backend, Path file) throws NotLoaded {
    if (!Files.isRegularFile(file)) {
      throw NotLoaded.from(file + (Files.isDirectory(file) ? ": is a folder" : ": no such file"));
    }
    if (System.getProperty("os.name").equals("Linux") && !isElf(file)) {
      throw NotLoaded.from(file + ": is no ELF file");
    }
    try {
      return new CLibrary(backend, file.toString(), SymbolLookup.libraryLookup(file, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw NotLoaded.from(file + ": " + LoaderReason.of(file.toString()).orElse("the system's loader refused it"));
    }
  }

  @SuppressWarnings("restricted")
  private static CLibrary byName(String backend, String library) throws NotLoaded {
    String name = fileNames(library).findFirst().orElseThrow();
    try {
      return new CLibrary(backend, name, SymbolLookup.libraryLookup(name, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw NotLoaded.from(LoaderReason.of(name).orElse(name + ": not on the library search path"));
    }
  }

  /** The JVM's loader takes any file apart before the system's loader refuses it, and warns of what it believes to see there. */
  private static boolean isElf(Path file) throws NotLoaded {
    try (InputStream bytes = Files.newInputStream(file)) {
      return Arrays.equals(bytes.readNBytes(4), new byte[] {0x7f, 'E', 'L', 'F'});
    } catch (IOException e) {
      throw NotLoaded.from(file + ": cannot be read: " + e.getMessage());
    }
  }

  /** The backend's name. */
  String backend() {
    return backend;
  }

  /** The file's own name, as messages say it. */
  String fileName() {
    return Path.of(file).getFileName().toString();
  }

  /** The file, or the name it was found by. */
  String file() {
    return file;
  }

  /** Why the library would not open a device; empty if it would, or does not tell. */
  Optional<String> probe(BackendOptions options) {
    return optional("gatun_device_probe", "LI").flatMap(probe -> {
      try (Arena arena = Arena.ofConfined()) {
        int status = probe.call(Structs.options(options, arena).address(), options.values().size());
        return status == Status.OK ? Optional.empty() : Optional.of(Status.told(status, message()));
      }
    });
  }

  /** The function that measures the bandwidth, if there is one. */
  Optional<CFunction> bandwidth() {
    return optional("gatun_device_bandwidth", "LL");
  }

  /** A launch function, if the library has it; one name always comes with one shape. */
  Optional<CFunction> launch(String name, String shape) {
    return launches.computeIfAbsent(name, n -> optional(n, shape));
  }

  /** What the last failed call of this thread has to say; perhaps nothing. */
  @SuppressWarnings("restricted")
  String message() {
    long address = message.text();
    return address == 0 ? "" : Structs.text(MemorySegment.ofAddress(address).reinterpret(LONGEST_MESSAGE)).strip();
  }

  /** Throws what a call that did not succeed has to say. */
  void check(CFunction function, int status) {
    if (status != Status.OK) {
      throw Status.failure(backend + ": " + function.name() + " of " + fileName() + " failed", status, message());
    }
  }

  /** Why a library did not load, in words a user can act on. */
  static final class NotLoaded extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean place;

    private NotLoaded(String reason, boolean place) {
      super(reason);
      this.place = place;
    }

    NotLoaded(String reason) {
      this(reason, false);
    }

    /** A failure that may be about where the library was looked for. */
    static NotLoaded from(String reason) {
      return new NotLoaded(reason, true);
    }

    boolean isAboutPlace() {
      return place;
    }
  }
}
