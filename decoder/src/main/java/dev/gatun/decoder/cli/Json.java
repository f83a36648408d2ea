package dev.gatun.decoder.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** A JSON document written to a stream as it is made. Numbers that JSON has no form for (NaN, infinities) become null. */
final class Json implements AutoCloseable {
  private final PrintStream out;
  private final JsonGenerator generator;

  private Json(PrintStream out, boolean indented) {
    this.out = out;
    try {
      generator = new JsonFactory().disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET).createGenerator(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (indented) {
      generator.setPrettyPrinter(new DefaultPrettyPrinter());
    }
  }

  /** A document on one line. */
  static Json compact(PrintStream out) {
    return new Json(out, false);
  }

  /** A document with a line for each value of an object. */
  static Json indented(PrintStream out) {
    return new Json(out, true);
  }

  private interface Write {
    void to(JsonGenerator generator) throws IOException;
  }

  private Json write(Write write) {
    try {
      write.to(generator);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Json object() {
    return write(JsonGenerator::writeStartObject);
  }

  Json object(String name) {
    return write(g -> g.writeObjectFieldStart(name));
  }

  Json array() {
    return write(JsonGenerator::writeStartArray);
  }

  Json array(String name) {
    return write(g -> g.writeArrayFieldStart(name));
  }

  Json endObject() {
    return write(JsonGenerator::writeEndObject);
  }

  Json endArray() {
    return write(JsonGenerator::writeEndArray);
  }

  Json put(String name, String value) {
    return write(g -> g.writeStringField(name, value));
  }

  Json put(String name, boolean value) {
    return write(g -> g.writeBooleanField(name, value));
  }

  Json put(String name, long value) {
    return write(g -> g.writeNumberField(name, value));
  }

  Json put(String name, float value) {
    return Float.isFinite(value) ? write(g -> g.writeNumberField(name, value)) : write(g -> g.writeNullField(name));
  }

  Json put(String name, double value) {
    return write(g -> g.writeFieldName(name)).add(value);
  }

  Json put(String name, int[] values) {
    return write(g -> {
      g.writeFieldName(name);
      g.writeArray(values, 0, values.length);
    });
  }

  Json put(String name, long[] values) {
    return write(g -> {
      g.writeFieldName(name);
      g.writeArray(values, 0, values.length);
    });
  }

  Json put(String name, double[] values) {
    array(name);
    for (double value : values) {
      add(value);
    }
    return endArray();
  }

  /** The shortest decimals that give back each float. */
  Json put(String name, float[] values) {
    return write(g -> {
      g.writeArrayFieldStart(name);
      for (float value : values) {
        if (Float.isFinite(value)) {
          g.writeNumber(value);
        } else {
          g.writeNull();
        }
      }
      g.writeEndArray();
    });
  }

  Json put(String name, Iterable<String> values) {
    array(name);
    values.forEach(this::add);
    return endArray();
  }

  Json add(String value) {
    return write(g -> g.writeString(value));
  }

  Json add(double value) {
    return write(g -> {
      if (Double.isFinite(value)) {
        g.writeNumber(value);
      } else {
        g.writeNull();
      }
    });
  }

  /** A value as {@link dev.gatun.decoder.gguf.Metadata#value} gives scalars, or an array or object of them. */
  Json put(String name, Object value) {
    return switch (value) {
      case Integer number -> put(name, number.longValue());
      case Long number -> put(name, number.longValue());
      case Float number -> put(name, number.floatValue());
      case Double number -> put(name, number.doubleValue());
      case Boolean truth -> put(name, truth.booleanValue());
      case double[] numbers -> put(name, numbers);
      case long[] numbers -> put(name, numbers);
      case Map<?, ?> fields -> {
        object(name);
        fields.forEach((key, field) -> put(String.valueOf(key), field));
        yield endObject();
      }
      default -> put(name, String.valueOf(value));
    };
  }

  /** All of these fields. */
  Json putAll(Map<String, Object> fields) {
    fields.forEach(this::put);
    return this;
  }

  /** Ends the document and its line. */
  @Override
  public void close() {
    write(JsonGenerator::close);
    out.println();
  }
}
