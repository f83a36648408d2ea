package dev.gatun.decoder.gguf;

import java.util.List;

/**
 * An array inside an array, for {@link GgufWriter#array}.
 *
 * @param element the type of the values
 * @param values the values, as {@link GgufWriter#put} takes them
 */
public record MetadataArray(MetadataType element, List<?> values) {
  /** Copies the list. */
  public MetadataArray {
    values = List.copyOf(values);
  }
}
