package dev.gatun;

import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A backend in host memory that runs nothing; its {@link FakeDriver} says what was asked of it. */
public class FakeProvider implements BackendProvider {
  /** The names of those asked whether they work. */
  static final List<String> PROBED = new CopyOnWriteArrayList<>();

  /** For the service loader. */
  public FakeProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public String description() {
    return "runs nothing";
  }

  @Override
  public Availability probe(BackendOptions options) {
    PROBED.add(name());
    return Availability.yes(5, "a warning");
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return new FakeDriver();
  }

  /** Made for another version of the interface; must not be probed. */
  public static final class Outdated extends FakeProvider {
    /** For the service loader. */
    public Outdated() {}

    @Override
    public int apiVersion() {
      return Spi.VERSION + 41;
    }

    @Override
    public String name() {
      return "outdated";
    }

    @Override
    public Availability probe(BackendOptions options) {
      throw new AssertionError("probed in spite of its version");
    }
  }

  /** Without its device. */
  public static final class Absent extends FakeProvider {
    /** For the service loader. */
    public Absent() {}

    @Override
    public String name() {
      return "absent";
    }

    @Override
    public Availability probe(BackendOptions options) {
      PROBED.add(name());
      return Availability.no("no driver was found", "install one");
    }
  }

  /** Fails while it is probed. */
  public static final class Broken extends FakeProvider {
    /** For the service loader. */
    public Broken() {}

    @Override
    public String name() {
      return "broken";
    }

    @Override
    public Availability probe(BackendOptions options) {
      throw new UnsatisfiedLinkError("libbroken is missing");
    }
  }

  /** Cannot even be asked. */
  public static final class Mute extends FakeProvider {
    /** For the service loader. */
    public Mute() {}

    @Override
    public String name() {
      throw new AbstractMethodError("name");
    }
  }

  /** Cannot be made. */
  public static final class Unmakeable extends FakeProvider {
    /** For the service loader. */
    public Unmakeable() {
      throw new IllegalStateException("no");
    }
  }
}
