package dev.gatun.decoder.family;

import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.Metadata;
import java.util.Optional;

/** The metadata keys of one architecture, {@code <architecture>.<key>}, with the checks that every family needs. */
public final class Keys {
  private static final long MOST = 1 << 24;

  private final Gguf gguf;
  private final Metadata metadata;
  private final String architecture;

  Keys(Gguf gguf, String architecture) {
    this.gguf = gguf;
    this.metadata = gguf.metadata();
    this.architecture = architecture;
  }

  String architecture() {
    return architecture;
  }

  /** Rows of the embedding: some files have more of them than tokens. */
  int vocabulary() {
    return gguf.entries().stream().filter(entry -> entry.name().equals("token_embd.weight") && entry.shape().length == 2)
        .map(entry -> entry.shape()[0]).filter(rows -> rows <= Integer.MAX_VALUE).map(Long::intValue).findFirst()
        .orElseThrow(() -> fault("tensor token_embd.weight is missing or no matrix"));
  }

  /** Whether the file has such a tensor, which decides what some files mean. */
  boolean hasTensor(String name) {
    return gguf.entries().stream().anyMatch(entry -> entry.name().equals(name));
  }

  ModelException fault(String cause) {
    return new ModelException(gguf.file(), cause);
  }

  String name(String key) {
    return architecture + "." + key;
  }

  /** A positive size. */
  int size(String key) {
    return optionalSize(key).orElseThrow(() -> missing(key));
  }

  ModelException missing(String key) {
    return fault("metadata key " + name(key) + " is missing; the model cannot be built without it");
  }

  Optional<Integer> optionalSize(String key) {
    var value = metadata.integer(name(key));
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.getAsLong() < 1 || value.getAsLong() > MOST) {
      throw fault("metadata key " + name(key) + " is " + value.getAsLong() + ", which is no sensible size");
    }
    return Optional.of((int) value.getAsLong());
  }

  /** A whole number that may be 0, which it is where the key is missing. */
  int optionalCount(String key) {
    long value = metadata.integer(name(key)).orElse(0);
    if (value < 0 || value > MOST) {
      throw fault("metadata key " + name(key) + " is " + value + ", which is no sensible count");
    }
    return (int) value;
  }

  /** A size that some files give per layer; served where all layers have the same. */
  Optional<Integer> uniformSize(String key) {
    if (metadata.typeName(name(key)).filter(type -> type.startsWith("array")).isEmpty()) {
      return optionalSize(key);
    }
    int[] values = metadata.integers(name(key)).orElseThrow();
    for (int value : values) {
      if (value != values[0] || value < 1 || value > MOST) {
        throw fault("metadata key " + name(key) + " differs from layer to layer, which is not served");
      }
    }
    if (values.length == 0) {
      throw fault("metadata key " + name(key) + " is an empty array");
    }
    return Optional.of(values[0]);
  }

  double real(String key, double otherwise) {
    double value = metadata.real(name(key)).orElse(otherwise);
    if (!Double.isFinite(value)) {
      throw fault("metadata key " + name(key) + " is " + value);
    }
    return value;
  }

  /** A number that the model cannot be built without. */
  double requiredReal(String key) {
    if (metadata.real(name(key)).isEmpty()) {
      throw missing(key);
    }
    return real(key, 0);
  }

  /** A factor that counts as 1 where it is missing or 0, which files write for "not set"; the first of {@code keys} that is there decides. */
  double factor(String... keys) {
    for (String key : keys) {
      if (metadata.real(name(key)).isPresent()) {
        return real(key, 0) == 0 ? 1 : positive(key, 1);
      }
    }
    return 1;
  }

  /** A factor that files write as 0 for "not set". */
  float scale(String key, double otherwise) {
    double value = real(key, otherwise);
    return value == 0 ? 1 : (float) value;
  }

  /** What something is divided by. */
  double divisor(String key, double otherwise) {
    double value = real(key, otherwise);
    if (value == 0) {
      throw fault("metadata key " + name(key) + " is 0, and something is divided by it");
    }
    return value;
  }

  /** A soft cap; 0 is none. */
  float cap(String key, double otherwise) {
    double value = real(key, otherwise);
    if (value < 0) {
      throw fault("metadata key " + name(key) + " is " + value + " and should not be negative");
    }
    return (float) value;
  }

  double positive(String key, double otherwise) {
    double value = real(key, otherwise);
    if (value <= 0) {
      throw fault("metadata key " + name(key) + " is " + value + " and should be positive");
    }
    return value;
  }

  Optional<String> string(String key) {
    return metadata.string(name(key));
  }

  boolean flag(String key, boolean otherwise) {
    return metadata.bool(name(key)).orElse(otherwise);
  }

  /** Truth values, one for each layer; empty where the key is missing or no array of them. */
  Optional<boolean[]> bools(String key) {
    boolean array = metadata.typeName(name(key)).map(type -> type.startsWith("array") && type.endsWith("BOOL")).orElse(false);
    return array ? metadata.bools(name(key)) : Optional.empty();
  }
}
