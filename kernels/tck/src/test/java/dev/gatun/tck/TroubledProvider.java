package dev.gatun.tck;

import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.spi.Spi;
import dev.gatun.spi.Unsupported;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/** A backend that serves nothing, and does what the option {@code trouble} names when it is asked about a case whose line holds the option {@code at}. */
public final class TroubledProvider implements BackendProvider {
  static final int EXIT_CODE = 7;
  private static final int NULL_PAGE = 8;
  private static final int MANY = 2000;

  /** For the service loader. */
  public TroubledProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "troubled";
  }

  @Override
  public String description() {
    return "ends the process it is in, one way or another";
  }

  @Override
  public Availability probe(BackendOptions options) {
    return options.get("trouble").orElse("").equals("absent") ? Availability.no("its cable is not plugged in") : Availability.yes(1);
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    if (options.get("trouble").orElse("").equals("open")) {
      System.err.println("last words");
      Runtime.getRuntime().halt(EXIT_CODE);
    }
    // Opens only until the file is there.
    options.get("once").map(Path::of).filter(Files::exists).ifPresent(_ -> {
      throw new dev.gatun.GatunException("the device is wedged");
    });
    return new Driver(options);
  }

  @SuppressWarnings("restricted")
  private static void trouble(BackendOptions options) {
    switch (options.get("trouble").orElse("none")) {
      case "fault" -> MemorySegment.ofAddress(NULL_PAGE).reinterpret(1).get(ValueLayout.JAVA_BYTE, 0);
      case "halt" -> {
        options.get("once").map(Path::of).ifPresent(TroubledProvider::create);
        System.err.println("last words");
        Runtime.getRuntime().halt(EXIT_CODE);
      }
      case "exit" -> System.exit(0);
      case "hang" -> {
        options.get("once").map(Path::of).ifPresent(TroubledProvider::create);
        while (true) {
          LockSupport.park();
        }
      }
      case "memory" -> fill();
      case "throw" -> throw new IllegalStateException("thrown");
      case "print" -> print();
      default -> {
        // No trouble.
      }
    }
  }

  private static void fill() {
    java.util.List<long[]> kept = new java.util.ArrayList<>();
    while (kept.size() < MANY) {
      kept.add(new long[1 << 27]);
    }
  }

  private static void create(Path file) {
    try {
      Files.createFile(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void print() {
    // Never closed: the descriptor is the process's.
    FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    try {
      for (int i = 0; i < MANY; i++) {
        out.write("{\"result\":{}}\nnoise without an end ".repeat(10).getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Driver(BackendOptions options) implements BackendDriver {
    @Override
    public DeviceProperties properties() {
      return new DeviceProperties("an " + options.get("device").orElse("ordinary") + " device", "none", 0, 1, 1, true, Map.of());
    }

    @Override
    public double bandwidth() {
      return 0;
    }

    @Override
    public DeviceMemory allocate(long bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Decision plan(Case wanted) {
      if (wanted.line().contains(options.get("at").orElse(""))) {
        trouble(options);
      }
      return new Unsupported("nothing runs here");
    }

    @Override
    public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DeviceStream newStream() {
      return new Idle();
    }

    @Override
    public DeviceCache newCache(KvCache.Spec spec) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DeviceExecutable compile(Program program) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private record Idle() implements DeviceStream {
    @Override
    public void submit(DeviceExecutable executable) {}

    @Override
    public void profile(DeviceExecutable executable, int runs) {}

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {}

    @Override
    public boolean isIdle() {
      return true;
    }

    @Override
    public void synchronize() {}

    @Override
    public void close() {}
  }
}
