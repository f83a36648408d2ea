package dev.gatun;

import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Where everything starts: the backends on this class path or module path, found through {@link ServiceLoader}. */
public final class Gatun {
  private static final Comparator<Found> BEST_FIRST = Comparator.comparingInt((Found f) -> -f.info().score()).thenComparing(f -> f.info().name());

  private Gatun() {}

  private record Found(BackendProvider provider, BackendInfo info) {}

  /** Every backend found, the default first, with the reasons of those that do not work here. */
  public static List<BackendInfo> backends() {
    return probed(Providers.find(), BackendOptions.none()).stream().map(Found::info).toList();
  }

  /**
   * Opens the default: the available backend with the highest score. What was chosen, and why the others were passed over, is logged.
   *
   * @throws BackendUnavailableException with every backend's reasons if none works here
   */
  public static Backend open() {
    return open(BackendOptions.none());
  }

  /** As {@link #open()}, with settings. */
  public static Backend open(BackendOptions options) {
    Providers providers = Providers.find();
    List<Found> found = probed(providers, options);
    if (found.isEmpty() || !found.getFirst().info().isAvailable()) {
      throw providers.unavailable("no backend works here" + listing(found));
    }
    Found chosen = found.getFirst();
    boolean choice = found.size() > 1 || !providers.failures().isEmpty();
    System.getLogger("dev.gatun").log(choice ? System.Logger.Level.INFO : System.Logger.Level.DEBUG,
        () -> "chose backend " + described(chosen) + (found.size() > 1 ? "; passed over" + listing(found.subList(1, found.size())) : "")
            + providers.causes());
    return open(chosen, options);
  }

  /**
   * Opens the backend of that name; never another one in its place, and without asking the others whether they work.
   *
   * @throws BackendUnavailableException with its reasons if it is not there or does not work here
   */
  public static Backend open(String name) {
    return open(name, BackendOptions.none());
  }

  /** As {@link #open(String)}, with settings. */
  public static Backend open(String name, BackendOptions options) {
    Providers providers = Providers.find();
    Found best = providers.named().entrySet().stream().filter(named -> named.getValue().equals(name))
        .map(named -> probe(named.getKey(), name, options)).min(BEST_FIRST).orElseThrow(() -> {
          String known = providers.named().values().stream().distinct().sorted().collect(Collectors.joining(", "));
          return providers.unavailable("no backend named '" + name + "' was found; there are: " + (known.isEmpty() ? "none" : known)
              + ". Is its jar on the class path or module path?");
        });
    if (!best.info().isAvailable()) {
      throw new BackendUnavailableException("backend " + name + " does not work here: " + String.join("; ", best.info().reasons()));
    }
    return open(best, options);
  }

  private static Backend open(Found chosen, BackendOptions options) {
    return new Backend(chosen.info().name(), chosen.provider().open(options));
  }

  private static List<Found> probed(Providers providers, BackendOptions options) {
    return providers.named().entrySet().stream().map(named -> probe(named.getKey(), named.getValue(), options)).sorted(BEST_FIRST).toList();
  }

  private static Found probe(BackendProvider provider, String name, BackendOptions options) {
    Availability availability;
    String description = "";
    try {
      if (provider.apiVersion() == Spi.VERSION) {
        description = provider.description();
        availability = provider.probe(options);
      } else {
        availability = Availability.no("it was built for version " + provider.apiVersion() + " of the backend interface, this is version "
            + Spi.VERSION + "; use matching versions of the jars");
      }
    } catch (RuntimeException | LinkageError e) {
      availability = Availability.no("its check failed: " + e);
    }
    return new Found(provider, new BackendInfo(name, description, availability.score(), availability.reasons()));
  }

  private static String listing(List<Found> found) {
    if (found.isEmpty()) {
      return ": no provider was found on the class path or module path";
    }
    String line = System.lineSeparator() + "  ";
    return found.stream().map(Gatun::described).collect(Collectors.joining(line, ":" + line, ""));
  }

  private static String described(Found found) {
    return found.info().name() + " (score " + found.info().score() + ")"
        + (found.info().reasons().isEmpty() ? "" : ": " + String.join("; ", found.info().reasons()));
  }
}
