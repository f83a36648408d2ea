package dev.gatun.spi;

import dev.gatun.BackendOptions;

/** The entry of a backend, found by {@link java.util.ServiceLoader}; it has a public constructor without parameters and does nothing until asked. */
public interface BackendProvider {
  /** The {@link Spi#VERSION} it was compiled against: {@code return Spi.VERSION} is inlined by the compiler. */
  int apiVersion();

  /** The name users open it by, for example {@code cpu}. */
  String name();

  /** One line for {@code gatun backends}. */
  String description();

  /** Whether it works here; quick, and never throws for a missing driver or device. */
  Availability probe(BackendOptions options);

  /** Opens it. @throws dev.gatun.GatunException with the call and the reason if that fails */
  BackendDriver open(BackendOptions options);
}
