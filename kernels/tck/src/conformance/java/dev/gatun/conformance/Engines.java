package dev.gatun.conformance;

import java.util.List;

/**
 * What a backend's module gives the suite: the ways to run the backend. Found by {@link java.util.ServiceLoader} among the module's test
 * resources.
 */
public interface Engines {
  /** The engines that every operator runs on, opened for the caller to close; at least one. */
  List<Engine> open();

  /** The engines that programs of several operators run on, with more settings perhaps: as {@link #open()} unless overridden. */
  default List<Engine> openForPrograms() {
    return open();
  }
}
