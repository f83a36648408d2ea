package dev.gatun.tck.cases;

import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.Scale;
import dev.gatun.tck.TestCase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects the cases that families list, each once, at the lowest level that any asked for. */
public final class Listing {
  private final Scale scale;
  private final List<ModelShape> models;
  private final Map<TestCase, Level> cases = new LinkedHashMap<>();

  /** An empty one. */
  public Listing(Scale scale, List<ModelShape> models) {
    this.scale = scale;
    this.models = List.copyOf(models);
  }

  /** A size as this listing runs it; see {@link Scale#sized}. */
  public int sized(int full, int most, int tile) {
    return scale.sized(full, most, tile);
  }

  /** The scale, for families whose sizes hang together. */
  public Scale scale() {
    return scale;
  }

  /** The models whose shapes are run; each from its own {@link ModelShape#least()} level on. */
  public List<ModelShape> models() {
    return models;
  }

  /** One case, run from {@code least} on. */
  public void add(Level least, TestCase test) {
    cases.merge(test, least, (a, b) -> a.compareTo(b) <= 0 ? a : b);
  }

  /** The cases so far with their levels, in the order they were listed. */
  public Map<TestCase, Level> cases() {
    return cases;
  }

  /** The later of two levels. */
  public static Level later(Level a, Level b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
