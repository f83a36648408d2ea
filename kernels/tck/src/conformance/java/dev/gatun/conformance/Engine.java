package dev.gatun.conformance;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.Stream;
import java.util.HashMap;
import java.util.Map;

/**
 * One way to run a backend, with a stream on it; closing it closes both.
 *
 * @param label what a failing test calls it
 * @param kind engines of one kind give the same bits
 * @param backend the backend, open
 * @param stream where its tests run
 * @param mirrored whether tensors are copied into memory of the backend's own and back, rather than used in host memory where they lie
 * @param scale how large the tests' largest sizes are
 * @param without what the backend does not serve of the {@link Extra} cases, each with the reason
 */
public record Engine(String label, String kind, Backend backend, Stream stream, boolean mirrored, Scale scale, Map<Extra, String> without)
    implements AutoCloseable {
  /** How large the tests' largest sizes are. */
  public enum Scale {
    /** As a model has them. */
    FULL,
    /** With the same remainders, for a device that is emulated: if one engine is small, the sizes are so for all beside it. */
    SMALL
  }

  /** What a backend may leave out; everything else in the suite is required of each. */
  public enum Extra {
    /** Caches that keep F8_E4M3, F8_E5M2 or Q8_0. */
    NARROW_CACHES,
    /**
     * Prepared matmul weights, embedding tables and expansion of types beyond F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K
     * and Q6_K.
     */
    RARE_TYPES
  }

  /** Keeps the map as it is now. */
  public Engine {
    without = Map.copyOf(without);
  }

  /**
   * Opens a backend by name: of a kind of its own, in full size, serving all; mirrored where operators do not read host memory.
   *
   * @throws dev.gatun.BackendUnavailableException with the reasons, where it does not run here
   */
  public static Engine open(String label, String name, BackendOptions options) {
    Backend backend = Gatun.open(name, options);
    return new Engine(label, label, backend, backend.newStream(), !backend.device().hostMemory(), Scale.FULL, Map.of());
  }

  /** This engine as one of those that give the same bits. */
  public Engine ofKind(String other) {
    return new Engine(label, other, backend, stream, mirrored, scale, without);
  }

  /** This engine over memory of the backend's own, even where it could read the host's. */
  public Engine throughDeviceMemory() {
    return new Engine(label, kind, backend, stream, true, scale, without);
  }

  /** This engine with small sizes. */
  public Engine small() {
    return new Engine(label, kind, backend, stream, mirrored, Scale.SMALL, without);
  }

  /** This engine without cases that the suite leaves open. */
  public Engine without(Extra extra, String reason) {
    Map<Extra, String> all = new HashMap<>(without);
    all.put(extra, reason);
    return new Engine(label, kind, backend, stream, mirrored, scale, all);
  }

  @Override
  public void close() {
    stream.close();
    backend.close();
  }

  @Override
  public String toString() {
    return label;
  }
}
