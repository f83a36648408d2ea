package dev.gatun.cuda.kernel;

import dev.gatun.GatunException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A kernel as the manifest describes it. */
public final class Kernel {
  private static final String PREFIX = "gatun_";

  private final String unit;
  private final String symbol;
  private final int threads;
  private final int parameterBytes;
  private final Map<String, Manifest.Field> fields = new LinkedHashMap<>();
  private final Map<String, Long> tiles;

  Kernel(String unit, String symbol, int threads, int parameterBytes, List<Manifest.Field> fields, Map<String, Long> tiles) {
    this.unit = unit;
    this.symbol = symbol;
    this.threads = threads;
    this.parameterBytes = parameterBytes;
    fields.forEach(field -> this.fields.put(field.name(), field));
    this.tiles = Map.copyOf(tiles);
  }

  /** The unit it is in. */
  public String unit() {
    return unit;
  }

  /** Its symbol in the unit's image. */
  public String symbol() {
    return symbol;
  }

  /** The symbol without its prefix. */
  public String name() {
    return symbol.startsWith(PREFIX) ? symbol.substring(PREFIX.length()) : symbol;
  }

  /** The threads of a block. */
  public int threads() {
    return threads;
  }

  /** The size of its parameters. */
  public int parameterBytes() {
    return parameterBytes;
  }

  /** The fields of its parameters by name, in order. */
  public Map<String, Manifest.Field> fields() {
    return fields;
  }

  /** A number that the kernel's source states for its launch. @throws GatunException if it states none of that name */
  public int tile(String key) {
    Long value = tiles.get(key);
    if (value == null) {
      throw new GatunException("kernel " + name() + " states no tile number " + key + "; use matching versions of gatun-cuda and its kernels");
    }
    return Math.toIntExact(value);
  }

  /** Whether it waits for the kernels before it by itself, so that it may be launched while they still run. */
  public boolean programmatic() {
    return tiles.getOrDefault("programmatic", 0L) != 0;
  }

  /** The least compute capability (90 for 9.0) of devices that run it, as far as its source states one; else 0. */
  public int capability() {
    return Math.toIntExact(tiles.getOrDefault("capability", 0L));
  }

  @Override
  public String toString() {
    return name();
  }
}
