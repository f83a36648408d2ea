package dev.gatun;

import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Where everything starts: the backends on this class path or module path, found through {@link ServiceLoader}. */
public final class Gatun {
  private Gatun() {}

  private record Found(BackendProvider provider, BackendInfo info) {}

  /** Every backend found, the default first, with the reasons of those that do not work here. */
  public static List<BackendInfo> backends() {
    return find(BackendOptions.none()).stream().map(Found::info).toList();
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
    List<Found> found = find(options);
    if (found.isEmpty() || !found.getFirst().info().isAvailable()) {
      throw new BackendUnavailableException("no backend works here" + listing(found));
    }
    Found chosen = found.getFirst();
    System.getLogger("dev.gatun").log(System.Logger.Level.DEBUG, () -> "chose backend " + chosen.info().name() + listing(found));
    return open(chosen, options);
  }

  /**
   * Opens the backend of that name; never another one in its place.
   *
   * @throws BackendUnavailableException with its reasons if it is not there or does not work here
   */
  public static Backend open(String name) {
    return open(name, BackendOptions.none());
  }

  /** As {@link #open(String)}, with settings. */
  public static Backend open(String name, BackendOptions options) {
    List<Found> found = find(options);
    for (Found candidate : found) {
      if (candidate.info().name().equals(name)) {
        if (!candidate.info().isAvailable()) {
          throw new BackendUnavailableException("backend " + name + " does not work here: " + String.join("; ", candidate.info().reasons()));
        }
        return open(candidate, options);
      }
    }
    String known = found.stream().map(f -> f.info().name()).collect(Collectors.joining(", "));
    throw new BackendUnavailableException("no backend named '" + name + "' was found; there are: " + (known.isEmpty() ? "none" : known)
        + ". Is its jar on the class path or module path?");
  }

  private static Backend open(Found chosen, BackendOptions options) {
    return new Backend(chosen.info().name(), chosen.provider().open(options));
  }

  private static List<Found> find(BackendOptions options) {
    List<Found> found = new ArrayList<>();
    var providers = ServiceLoader.load(BackendProvider.class, Gatun.class.getClassLoader()).iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        found.add(probe(providers.next(), options));
      } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
        System.getLogger("dev.gatun").log(System.Logger.Level.WARNING, "a backend provider could not be loaded", e);
      }
    }
    found.sort(Comparator.comparingInt((Found f) -> -f.info().score()).thenComparing(f -> f.info().name()));
    return found;
  }

  private static Found probe(BackendProvider provider, BackendOptions options) {
    Availability availability;
    if (provider.apiVersion() != Spi.VERSION) {
      availability = Availability.no("it was built for version " + provider.apiVersion() + " of the backend interface, this is version "
          + Spi.VERSION + "; use matching versions of the jars");
    } else {
      try {
        availability = provider.probe(options);
      } catch (RuntimeException | LinkageError e) {
        availability = Availability.no("its check failed: " + e);
      }
    }
    return new Found(provider, new BackendInfo(provider.name(), provider.description(), availability.score(), availability.reasons()));
  }

  private static String listing(List<Found> found) {
    if (found.isEmpty()) {
      return ": no provider was found on the class path or module path";
    }
    return found.stream().map(f -> f.info().name() + " (score " + f.info().score() + ")"
        + (f.info().reasons().isEmpty() ? "" : ": " + String.join("; ", f.info().reasons()))).collect(Collectors.joining(System.lineSeparator() + "  ",
        System.lineSeparator() + "  ", ""));
  }
}
