package dev.gatun.tck.cases;

import java.util.LinkedHashMap;
import java.util.Map;

/** Promises by name, in the order of the report. */
final class Promises {
  /** Examines one. */
  @FunctionalInterface
  interface Promise {
    void examine(Ground ground);
  }

  private final Map<String, Promise> all = new LinkedHashMap<>();

  /** One more. */
  Promises with(String name, Promise promise) {
    if (all.put(name, promise) != null) {
      throw new IllegalArgumentException("there are two promises " + name);
    }
    return this;
  }

  Map<String, Promise> all() {
    return all;
  }

  /** All there are. */
  static Promises everything() {
    Promises promises = new Promises();
    OpeningPromises.list(promises);
    PlanPromises.list(promises);
    MemoryPromises.list(promises);
    ClosingPromises.list(promises);
    ShapePromises.list(promises);
    ForeignPromises.list(promises);
    OrderPromises.list(promises);
    ThreadPromises.list(promises);
    CachePromises.list(promises);
    return promises;
  }
}
