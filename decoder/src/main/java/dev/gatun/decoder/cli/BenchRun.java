package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DeviceProperties;
import dev.gatun.ShapeException;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.cli.rate.RateTest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Opens settings, as many at a time as fit in memory together; owned. */
final class BenchRun implements AutoCloseable {
  /** The fact of a device whose kernels were slowed down on purpose. */
  static final String SLOWED = "slowed";

  /** Of the memory there is, what models may take together where other programs work in it too, and where none does. */
  private static final double HOST_SHARE = 0.5;
  private static final double DEVICE_SHARE = 0.8;

  private final Terminal terminal;
  private final CommandLine command;
  private final double warmUp;
  private final Map<On, Backend> backends = new LinkedHashMap<>();
  private final List<Ready> ready = new ArrayList<>();

  private record On(Optional<String> name, BackendOptions settings) {}

  private record Ready(BenchSetting setting, Model model, long openNanos) {}

  BenchRun(Terminal terminal, CommandLine command, double warmUp, List<BenchSetting> settings) {
    this.terminal = terminal;
    this.command = command;
    this.warmUp = warmUp;
    try {
      settings.forEach(this::open);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void open(BenchSetting setting) {
    long started = System.nanoTime();
    try {
      Model model = setting.source().open(terminal);
      ready.add(new Ready(setting, model, System.nanoTime() - started));
      checkFits(setting, model);
    } catch (ShapeException e) {
      throw new ParameterException(command, e.getMessage(), e);
    }
  }

  private void checkFits(BenchSetting setting, Model model) {
    int size = setting.cache().most(model);
    if (setting.length() > size) {
      RateTest longest = setting.tests().stream().max(Comparator.comparingLong(RateTest::length)).orElseThrow();
      throw new ParameterException(command, longest + ", " + longest.prompt() + " tokens of prompt and " + longest.generated() + " decoded after "
          + longest.depth() + " in the cache, needs a context of " + setting.length() + ", more than the " + size
          + (setting.cache().context.isPresent() ? " of --context" : " the model was made for"));
    }
  }

  /** Gives the blocks one after the other. */
  void each(Consumer<BenchBlock> work) {
    for (int at = 0; at < ready.size(); ) {
      List<BenchSession> sessions = new ArrayList<>();
      try {
        do {
          Ready next = ready.get(at++);
          sessions.add(BenchSession.of(terminal, next.setting, next.model, next.openNanos, backend(next.setting)));
        } while (at < ready.size() && fits(sessions, ready.get(at)));
      } catch (RuntimeException | Error e) {
        sessions.forEach(BenchSession::close);
        throw e;
      }
      try (BenchBlock block = new BenchBlock(terminal, sessions, warmUp)) {
        work.accept(block);
      }
    }
  }

  private Backend backend(BenchSetting setting) {
    return backends.computeIfAbsent(new On(setting.backend().name, setting.backend().settings()), _ -> {
      Backend opened = setting.backend().open();
      Optional.ofNullable(opened.device().facts().get(SLOWED)).ifPresent(said -> terminal.err().println("gatun: warning: " + said));
      return opened;
    });
  }

  /** Whether another setting has room beside those that are open in the same memory. */
  private boolean fits(List<BenchSession> sessions, Ready next) {
    Backend backend = backend(next.setting);
    DeviceProperties device = backend.device();
    double taken = next.setting.bytes(next.model);
    for (BenchSession session : sessions) {
      Backend other = session.decoder().backend();
      if (other == backend || (device.hostMemory() && other.device().hostMemory())) {
        taken += session.setting().bytes(session.model());
      }
    }
    return taken < device.memoryBytes() * (device.hostMemory() ? HOST_SHARE : DEVICE_SHARE);
  }

  @Override
  public void close() {
    ready.forEach(one -> one.model.close());
    backends.values().forEach(Backend::close);
  }
}
