package dev.gatun;

import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceEvent;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Host memory behind the device's interface. Work stays in flight until the stream is synchronized or {@link #finish} is called. */
final class FakeDriver implements BackendDriver {
  /** Every call that changes something, in order. */
  final List<String> calls = new ArrayList<>();

  /** Thrown by the next submission. */
  Optional<RuntimeException> failure = Optional.empty();

  /** Called inside a submission. */
  Runnable during = () -> {};

  /** Told of every call before it takes effect, those of memory and waiting too; may throw. */
  Consumer<String> before = call -> {};

  /** Whether {@link #calls} are kept. */
  boolean recording = true;

  private final List<Runnable> ahead = new ArrayList<>();
  private boolean idle = true;

  private void note(String call) {
    before.accept(call);
    if (recording) {
      calls.add(call);
    }
  }

  static FakeDriver of(Backend backend) {
    return (FakeDriver) backend.driver();
  }

  void finish() {
    idle = true;
  }

  /** The device comes to every event that was recorded, and works on. */
  void reachEvents() {
    ahead.forEach(Runnable::run);
    ahead.clear();
  }

  @Override
  public DeviceProperties properties() {
    return new DeviceProperties("fake", "none", 1 << 20, 1, 64, true, Map.of());
  }

  @Override
  public double bandwidth() {
    return 1e9;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    before.accept("allocate");
    if (bytes > 1 << 20) {
      throw new DeviceException("fake: allocating " + bytes + " bytes failed", "OUT_OF_MEMORY", false);
    }
    MemorySegment segment = Arena.ofAuto().allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
    return new DeviceMemory() {
      @Override
      public long bytes() {
        return bytes;
      }

      @Override
      public Optional<MemorySegment> host() {
        return Optional.of(segment);
      }

      @Override
      public long address() {
        return segment.address();
      }

      @Override
      public void free() {
        note("free " + bytes);
      }
    };
  }

  /** Serves everything but gelu. */
  @Override
  public Decision plan(Case wanted) {
    if (wanted.operator() instanceof Gelu) {
      return new Unsupported("gelu was forgotten");
    }
    return new Plan() {
      @Override
      public String kernel() {
        return "none";
      }

      @Override
      public String tile() {
        return "none";
      }

      @Override
      public long workspaceBytes() {
        return 0;
      }

      @Override
      public long bytes() {
        return 0;
      }

      @Override
      public long flops() {
        return 0;
      }
    };
  }

  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    return new Prepared(Tensor.ofLayout(allocate.apply(16), 0, weight.dtype(), weight.shape(), "packed"), 16, 1, "always packed");
  }

  @Override
  public DeviceStream newStream() {
    return new DeviceStream() {
      @Override
      public void submit(DeviceExecutable executable) {
        during.run();
        failure.ifPresent(e -> {
          throw e;
        });
        note("submit");
        idle = false;
      }

      @Override
      public void profile(DeviceExecutable executable, int runs) {
        note("profile " + runs);
      }

      @Override
      public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
        before.accept("copy");
        MemorySegment.copy(from.host().orElseThrow(), fromOffset, to.host().orElseThrow(), toOffset, bytes);
      }

      @Override
      public boolean isIdle() {
        return idle;
      }

      @Override
      public void synchronize() {
        before.accept("synchronize");
        idle = true;
      }

      @Override
      public DeviceEvent newEvent() {
        return new DeviceEvent() {
          private boolean passed = true;

          @Override
          public void record() {
            passed = false;
            ahead.add(() -> passed = true);
          }

          @Override
          public boolean isDone() {
            return passed || idle;
          }

          @Override
          public void synchronize() {
            passed = true;
          }

          @Override
          public void close() {
            note("close event");
          }
        };
      }

      @Override
      public void close() {
        note("close stream");
      }
    };
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    return new DeviceCache() {
      @Override
      public void map(DeviceStream stream, int slot, int index, int page) {
        note("map " + slot + "," + index + " to " + page);
      }

      @Override
      public void copyPage(DeviceStream stream, int from, int to) {
        note("copy page " + from + " to " + to);
      }

      @Override
      public void poison(DeviceStream stream, int page) {
        note("poison " + page);
      }

      @Override
      public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
        into[0] = page;
        into[1] = offset;
      }

      @Override
      public void close() {
        note("close cache");
      }
    };
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return new DeviceExecutable() {
      @Override
      public long workspaceBytes() {
        return 0;
      }

      @Override
      public List<Explanation.Step> steps() {
        return List.of(new Explanation.Step(List.of(program.name()), "none", "none", 1000, 0, 0, List.of("better: was not there")));
      }

      @Override
      public void close() {
        note("close executable");
      }
    };
  }

  @Override
  public void close() {
    note("close driver");
  }
}
