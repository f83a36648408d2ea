package dev.gatun;

import dev.gatun.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.Spliterator;
import java.util.stream.Collectors;

/**
 * The backend providers that could be loaded, each with its name, and why others could not.
 *
 * @param named providers in the order found
 * @param failures what was thrown, each cause once
 */
record Providers(Map<BackendProvider, String> named, List<Throwable> failures) {
  /** A broken registration can make the search fail at the same place for ever. */
  private static final int MOST_FAILURES_IN_A_ROW = 8;

  /** Those that this library's class loader sees, and those that the calling thread's context class loader sees besides. */
  static Providers find() {
    Set<ClassLoader> loaders = new LinkedHashSet<>();
    loaders.add(Gatun.class.getClassLoader());
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    if (context != null) {
      loaders.add(context);
    }
    return find(loaders);
  }

  static Providers find(Collection<ClassLoader> loaders) {
    Map<BackendProvider, String> named = new LinkedHashMap<>();
    Map<String, Throwable> failures = new LinkedHashMap<>();
    Set<Class<?>> seen = new HashSet<>();
    for (ClassLoader loader : loaders) {
      Spliterator<ServiceLoader.Provider<BackendProvider>> search = ServiceLoader.load(BackendProvider.class, loader).stream().spliterator();
      boolean more = true;
      int inARow = 0;
      while (more && inARow < MOST_FAILURES_IN_A_ROW) {
        try {
          more = search.tryAdvance(entry -> add(entry, seen, named, failures));
          inARow = 0;
        } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
          failures.putIfAbsent(e.toString(), e);
          inARow++;
        }
      }
    }
    failures.values().forEach(e -> System.getLogger("dev.gatun").log(System.Logger.Level.WARNING, "a backend provider could not be loaded", e));
    return new Providers(named, List.copyOf(failures.values()));
  }

  private static void add(ServiceLoader.Provider<BackendProvider> entry, Set<Class<?>> seen, Map<BackendProvider, String> named,
      Map<String, Throwable> failures) {
    try {
      BackendProvider provider = entry.get();
      if (seen.add(provider.getClass())) {
        named.put(provider, provider.name());
      }
    } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
      failures.putIfAbsent(e.toString(), e);
    }
  }

  /** The failures as a part of a message; empty if there were none. */
  String causes() {
    String line = System.lineSeparator() + "  ";
    return failures.isEmpty() ? "" : failures.stream().map(Providers::told).collect(Collectors.joining(line,
        System.lineSeparator() + "could not be loaded:" + line, ""));
  }

  private static String told(Throwable failure) {
    return failure.getCause() == null || failure.getCause().toString().equals(failure.getMessage()) ? failure.toString()
        : failure + " (" + failure.getCause() + ")";
  }

  /** An exception that carries, besides its message, everything met on the way. */
  BackendUnavailableException unavailable(String message) {
    BackendUnavailableException exception = new BackendUnavailableException(message + causes());
    failures.forEach(exception::addSuppressed);
    return exception;
  }
}
