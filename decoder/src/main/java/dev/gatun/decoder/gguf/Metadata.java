package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The key-value section of a GGUF file. Each typed getter is empty where the key is absent and throws {@link GgufException}, naming
 * file, key, found and wanted type, where the key holds another type. It stays usable after its {@link Gguf} is closed; arrays are
 * decoded at each call, so keep what you ask for.
 */
public final class Metadata {
  private final Path file;
  private final Map<String, MetadataValue> values;

  Metadata(Path file, Map<String, MetadataValue> values) {
    this.file = file;
    this.values = Collections.unmodifiableMap(values);
  }

  /** All keys, in the file's order. */
  public Set<String> keys() {
    return values.keySet();
  }

  /**
   * The value as it is: {@code Long} for the integer types (a UINT64 above the signed range is negative), {@code Float}, {@code Double},
   * {@code Boolean}, {@code String}, and for arrays an unmodifiable {@code List} of these or of lists.
   */
  public Optional<Object> value(String key) {
    return Optional.ofNullable(values.get(key)).map(MetadataValue::decode);
  }

  /** The value's type in words, for example {@code UINT32} or {@code array of 32000 STRING}. */
  public Optional<String> typeName(String key) {
    return Optional.ofNullable(values.get(key)).map(MetadataValue::typeName);
  }

  /** A string; bytes that are no UTF-8 become U+FFFD. */
  public Optional<String> string(String key) {
    return scalar(key, "STRING", t -> t == MetadataType.STRING).map(v -> (String) v.decode());
  }

  /** An integer of any width. A UINT64 that a signed long can't hold throws. */
  public OptionalLong integer(String key) {
    Optional<MetadataValue> found = scalar(key, "an integer", MetadataType::isInteger);
    if (found.isEmpty()) {
      return OptionalLong.empty();
    }
    MetadataValue value = found.get();
    return OptionalLong.of(signed(key, value.type(), MetadataValue.integer(value.reader(), value.type())));
  }

  /** A float, or an integer of any width. */
  public OptionalDouble real(String key) {
    Optional<MetadataValue> found = scalar(key, "a number", MetadataType::isNumber);
    return found.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(MetadataValue.real(found.get().reader(), found.get().type()));
  }

  /** A truth value. */
  public Optional<Boolean> bool(String key) {
    return scalar(key, "BOOL", t -> t == MetadataType.BOOL).map(v -> v.payload()[0] != 0);
  }

  /** An array of strings; bytes that are no UTF-8 become U+FFFD. */
  public Optional<List<String>> strings(String key) {
    return array(key, "STRING", t -> t == MetadataType.STRING).map(v -> v.strings(MetadataValue::decoded));
  }

  /** An array of strings as the bytes in the file, for vocabularies whose pieces are no whole UTF-8 characters. */
  public Optional<List<byte[]>> bytes(String key) {
    return array(key, "STRING", t -> t == MetadataType.STRING).map(v -> v.strings(Function.identity()));
  }

  /** An array of floats or integers, rounded to float. */
  public Optional<float[]> floats(String key) {
    return array(key, "numbers", MetadataType::isNumber).map(value -> {
      ByteBuffer in = value.reader();
      float[] floats = new float[value.count()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) MetadataValue.real(in, value.element());
      }
      return floats;
    });
  }

  /** An array of integers of any width. An element that an int can't hold throws. */
  public Optional<int[]> integers(String key) {
    return array(key, "integers", MetadataType::isInteger).map(value -> {
      ByteBuffer in = value.reader();
      int[] integers = new int[value.count()];
      for (int i = 0; i < integers.length; i++) {
        long element = signed(key, value.element(), MetadataValue.integer(in, value.element()));
        if (element != (int) element) {
          throw new GgufException(file, "metadata key " + quoted(key) + " has the element " + element + ", which is no 32-bit integer");
        }
        integers[i] = (int) element;
      }
      return integers;
    });
  }

  /** An array of truth values. */
  public Optional<boolean[]> bools(String key) {
    return array(key, "BOOL", t -> t == MetadataType.BOOL).map(value -> {
      boolean[] bools = new boolean[value.count()];
      for (int i = 0; i < bools.length; i++) {
        bools[i] = value.payload()[i] != 0;
      }
      return bools;
    });
  }

  /** Every value as a file holds it: its type's number and its bytes. */
  Map<String, byte[]> encoded() {
    Map<String, byte[]> encoded = new LinkedHashMap<>();
    values.forEach((key, value) -> {
      HeaderBytes out = new HeaderBytes().i32(value.type().id());
      if (value.isArray()) {
        out.i32(value.element().id()).i64(value.count());
      }
      encoded.put(key, out.raw(value.payload()).toBytes());
    });
    return encoded;
  }

  private Optional<MetadataValue> scalar(String key, String wanted, Predicate<MetadataType> fits) {
    MetadataValue value = values.get(key);
    if (value != null && (value.isArray() || !fits.test(value.type()))) {
      throw wrongType(key, value, wanted);
    }
    return Optional.ofNullable(value);
  }

  private Optional<MetadataValue> array(String key, String wanted, Predicate<MetadataType> fits) {
    MetadataValue value = values.get(key);
    if (value != null && !(value.isArray() && fits.test(value.element()))) {
      throw wrongType(key, value, "an array of " + wanted);
    }
    return Optional.ofNullable(value);
  }

  private GgufException wrongType(String key, MetadataValue value, String wanted) {
    return new GgufException(file, "metadata key " + quoted(key) + " is " + value.typeName() + ", but " + wanted + " is wanted");
  }

  private long signed(String key, MetadataType type, long value) {
    if (type == MetadataType.UINT64 && value < 0) {
      throw new GgufException(file, "metadata key " + quoted(key) + " is " + Long.toUnsignedString(value)
          + ", more than a signed 64-bit integer holds");
    }
    return value;
  }
}
