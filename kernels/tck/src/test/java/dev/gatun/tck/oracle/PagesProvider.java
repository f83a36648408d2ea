package dev.gatun.tck.oracle;

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
import java.util.Map;
import java.util.function.LongFunction;

/** A backend that only makes caches, so that operators over them can be built; it keeps nothing in them. */
public final class PagesProvider implements BackendProvider {
  /** For the service loader. */
  public PagesProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "pages";
  }

  @Override
  public String description() {
    return "caches without content";
  }

  @Override
  public Availability probe(BackendOptions options) {
    return Availability.yes(1);
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return new Driver();
  }

  private static final class Driver implements BackendDriver {
    @Override
    public DeviceProperties properties() {
      return new DeviceProperties("pages", "none", 0, 1, 1, true, Map.of());
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
      return new Unsupported("nothing runs here");
    }

    @Override
    public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DeviceStream newStream() {
      throw new UnsupportedOperationException();
    }

    @Override
    public DeviceCache newCache(KvCache.Spec spec) {
      return new EmptyCache();
    }

    @Override
    public DeviceExecutable compile(Program program) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private static final class EmptyCache implements DeviceCache {
    @Override
    public void map(DeviceStream stream, int slot, int index, int page) {}

    @Override
    public void copyPage(DeviceStream stream, int from, int to) {}

    @Override
    public void poison(DeviceStream stream, int page) {}

    @Override
    public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {}

    @Override
    public void close() {}
  }
}
