package dev.gatun.c;

import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DType;
import dev.gatun.DeviceProperties;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/** An open device of a library. */
final class CDriver implements BackendDriver {
  private final CLibrary library;
  private final long device;
  private final DeviceProperties properties;
  private final CStream own;
  private final Compiler compiler;
  private final WeightCopy weights;
  private double bandwidth;

  private CDriver(CLibrary library, long device) {
    this.library = library;
    this.device = device;
    this.properties = facts(library, device);
    this.compiler = new Compiler(library, device, properties.alignment(), this::allocate);
    this.own = new CStream(library, device);
    this.weights = new WeightCopy(library.backend(), own, compiler, properties.hostMemory());
  }

  /** Opens a device. @throws GatunException with the library's own words if that fails */
  static CDriver open(CLibrary library, BackendOptions options) {
    long device;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.JAVA_LONG);
      int status = library.open.call(Structs.options(options, arena).address(), options.values().size(), made.address());
      library.check(library.open, status);
      device = made.get(ValueLayout.JAVA_LONG, 0);
    }
    try {
      return new CDriver(library, device);
    } catch (RuntimeException | Error e) {
      Release.after(e, () -> library.check(library.close, library.close.call(device)));
      throw e;
    }
  }

  private static DeviceProperties facts(CLibrary library, long device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(Structs.PROPERTIES);
      library.check(library.properties, library.properties.call(device, struct.address()));
      int alignment = Structs.integer(struct, Structs.PROPERTIES, "alignment");
      if (Integer.bitCount(alignment) != 1) {
        throw new GatunException(library.backend() + ": gatun_device_properties of " + library.fileName() + " gives an alignment of "
            + alignment + "; it must be a power of two");
      }
      Map<String, String> facts = new LinkedHashMap<>();
      facts.put("library", library.file());
      for (String line : Structs.text(struct, Structs.PROPERTIES, "facts").lines().toList()) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          facts.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
        }
      }
      return new DeviceProperties(Structs.text(struct, Structs.PROPERTIES, "name"), Structs.text(struct, Structs.PROPERTIES, "kind"),
          Structs.wide(struct, Structs.PROPERTIES, "memory_bytes"), Structs.integer(struct, Structs.PROPERTIES, "units"), alignment,
          Structs.integer(struct, Structs.PROPERTIES, "host_memory") != 0, facts);
    }
  }

  @Override
  public DeviceProperties properties() {
    return properties;
  }

  @Override
  public synchronized double bandwidth() {
    if (bandwidth == 0) {
      Optional<CFunction> measure = library.bandwidth();
      bandwidth = measure.isPresent() ? told(measure.get()) : CopyBandwidth.measure(this::allocate, this::newStream);
    }
    return bandwidth;
  }

  private double told(CFunction measure) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_DOUBLE);
      library.check(measure, measure.call(device, number.address()));
      return number.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return CMemory.allocate(library, device, bytes, properties.hostMemory());
  }

  @Override
  public Decision plan(Case wanted) {
    return compiler.plan(wanted.operator());
  }

  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    synchronized (own) {
      return weights.prepare(weight, use, allocate);
    }
  }

  @Override
  public DeviceStream newStream() {
    return new CStream(library, device);
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    CacheGeometry.refusal(spec).ifPresent(reason -> {
      throw new ShapeException(library.backend() + ": " + reason);
    });
    CacheGeometry.refused(spec, library, device).ifPresent(reason -> {
      throw new ShapeException(library.backend() + ": " + reason);
    });
    synchronized (own) {
      return new CCache(spec, this::allocate, own);
    }
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return compiler.compile(program);
  }

  @Override
  public void close() {
    Release.all(own::close, () -> library.check(library.close, library.close.call(device)));
  }
}
