package dev.gatun.tck.cases;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.DeviceProperties;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is promised of finding and opening a backend, and of what it tells about its device. */
final class OpeningPromises {
  private static final String NO_OPTION = "no_such_option";
  private static final String NO_VALUE = "no-such-value";
  /** Options that mean the same to every backend that has them. */
  private static final Set<String> COMMON = Set.of("device", "threads", "fuse", "graph", "programmatic", "vector", "memory");
  private static final int TIMES = 8;
  private static final double MOST_BANDWIDTH = 1e15;

  private OpeningPromises() {}

  static void list(Promises to) {
    to.with("device_properties", OpeningPromises::properties)
        .with("device_bandwidth", OpeningPromises::bandwidth)
        .with("backend_is_listed", OpeningPromises::listed)
        .with("backend_unknown", OpeningPromises::unknownBackend)
        .with("option_unknown", OpeningPromises::unknownOption)
        .with("option_value_wrong", OpeningPromises::wrongValue)
        .with("opened_again_and_again", OpeningPromises::reopened)
        .with("two_at_once", OpeningPromises::twoAtOnce);
  }

  private static void properties(Ground ground) {
    DeviceProperties device = ground.backend().device();
    ground.holds(!device.name().isBlank() && !device.kind().isBlank(), () -> "the device has no name or no kind: " + device);
    ground.holds(device.memoryBytes() > 0 && device.units() > 0, () -> "the device has no memory or no compute units: " + device);
    ground.holds(device.alignment() > 0 && Integer.bitCount(device.alignment()) == 1, () -> "the alignment is no power of two: " + device.alignment());
    ground.holds(device.equals(ground.backend().device()), () -> "asked twice, the device is described differently");
    ground.holds(ground.backend().name().equals(ground.bench.lab().name()), () -> "the backend calls itself " + ground.backend().name());
  }

  private static void bandwidth(Ground ground) {
    double first = ground.backend().bandwidth();
    ground.holds(first > 0 && first < MOST_BANDWIDTH, () -> "a bandwidth of " + first + " bytes a second");
    ground.holds(ground.backend().bandwidth() == first, () -> "the bandwidth is measured once and kept, yet it changes");
  }

  private static void listed(Ground ground) {
    String name = ground.bench.lab().name();
    List<BackendInfo> mine = Gatun.backends().stream().filter(info -> info.name().equals(name)).toList();
    ground.holds(mine.stream().anyMatch(BackendInfo::isAvailable), () -> "backend " + name + " is open, yet among those found it is " + mine);
    ground.holds(mine.stream().noneMatch(info -> info.description().isBlank()), () -> "backend " + name + " has no description");
  }

  private static void unknownBackend(Ground ground) {
    String told = ground.refused("opening a backend that there is not", BackendUnavailableException.class, () -> Gatun.open("no-such-backend").close());
    ground.holds(told.contains(ground.bench.lab().name()), () -> "the message does not name the backends there are: " + told);
  }

  private static void unknownOption(Ground ground) {
    BackendOptions options = ground.bench.lab().options().with(NO_OPTION, "1");
    String told = ground.refused("opening with option " + NO_OPTION, GatunException.class, () -> Gatun.open(ground.bench.lab().name(), options).close());
    ground.holds(told.contains(NO_OPTION), () -> "the message does not name the option: " + told);
    ground.works(ground.backend(), "after another was refused its option");
  }

  /** Every option that the refusal of an unknown one lists, with a value that none of the common ones takes; what takes any text must still open. */
  private static void wrongValue(Ground ground) {
    String name = ground.bench.lab().name();
    String told = ground.refused("opening with option " + NO_OPTION, GatunException.class,
        () -> Gatun.open(name, BackendOptions.none().with(NO_OPTION, "1")).close());
    Set<String> known = new LinkedHashSet<>(ground.bench.lab().options().values().keySet());
    Matcher list = Pattern.compile("\\[([^\\]]*)\\]").matcher(told);
    if (list.find()) {
      known.addAll(List.of(list.group(1).split("\\s*,\\s*")));
    }
    known.remove("");
    for (String option : known) {
      if (!COMMON.contains(option)) {
        ground.attempted("opening with " + option + "=" + NO_VALUE, () -> Gatun.open(name, BackendOptions.none().with(option, NO_VALUE)).close());
        continue;
      }
      String refusal = ground.refused("opening with " + option + "=" + NO_VALUE, GatunException.class,
          () -> Gatun.open(name, BackendOptions.none().with(option, NO_VALUE)).close());
      ground.holds(refusal.contains(option) && refusal.contains(NO_VALUE), () -> "the message does not name the option and its value: " + refusal);
    }
  }

  private static void reopened(Ground ground) {
    for (int i = 0; i < TIMES; i++) {
      try (Backend backend = ground.bench.lab().another()) {
        ground.works(backend, "opened for the " + (i + 1) + "th time");
        // What is left open is closed with its backend.
        backend.allocate(1 << 16);
        backend.newStream();
      }
    }
  }

  private static void twoAtOnce(Ground ground) {
    Backend second = ground.another();
    Backend third = ground.another();
    ground.works(second, "with several open");
    ground.works(third, "with several open");
    second.close();
    ground.works(third, "with another of its kind closed");
    ground.works(ground.backend(), "with another of its kind closed");
  }
}
