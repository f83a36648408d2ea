package dev.gatun.tck;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The part of JSON Schema (draft 2020-12) that the report's schema uses; a keyword it does not know is an error. */
final class SchemaCheck {
  private final JsonNode root;
  private final List<String> errors = new ArrayList<>();

  private SchemaCheck(JsonNode root) {
    this.root = root;
  }

  static List<String> errors(JsonNode schema, JsonNode value) {
    SchemaCheck check = new SchemaCheck(schema);
    check.check(schema, value, "");
    return check.errors;
  }

  private void check(JsonNode schema, JsonNode value, String at) {
    for (Map.Entry<String, JsonNode> rule : schema.properties()) {
      JsonNode wanted = rule.getValue();
      switch (rule.getKey()) {
        case "$schema", "title", "description", "$defs", "additionalProperties" -> {
          // Words, or read below.
        }
        case "$ref" -> check(root.at(wanted.asText().substring(1)), value, at);
        case "const" -> hold(wanted.equals(value), at, "is not " + wanted);
        case "enum" -> hold(contains(wanted, value), at, "is none of " + wanted);
        case "type" -> hold(wanted.isArray() ? anyType(wanted, value) : isType(wanted.asText(), value), at, "is no " + wanted);
        case "minimum" -> hold(!value.isNumber() || value.asDouble() >= wanted.asDouble(), at, "is below " + wanted);
        case "pattern" -> hold(!value.isTextual() || Pattern.compile(wanted.asText(), Pattern.DOTALL).matcher(value.asText()).find(), at, "does not match " + wanted);
        case "anyOf" -> hold(anyOf(wanted, value), at, "fits none of " + wanted);
        case "required" -> wanted.forEach(name -> hold(value.has(name.asText()), at, name.asText() + " is missing"));
        case "items" -> {
          for (int i = 0; value.isArray() && i < value.size(); i++) {
            check(wanted, value.get(i), at + "/" + i);
          }
        }
        case "properties" -> wanted.properties().forEach(property -> {
          if (value.has(property.getKey())) {
            check(property.getValue(), value.get(property.getKey()), at + "/" + property.getKey());
          }
        });
        default -> errors.add(at + ": unknown keyword " + rule.getKey());
      }
    }
    JsonNode more = schema.get("additionalProperties");
    if (more != null && value.isObject()) {
      value.properties().stream().filter(field -> !schema.path("properties").has(field.getKey())).forEach(field -> {
        if (more.isObject()) {
          check(more, field.getValue(), at + "/" + field.getKey());
        } else {
          hold(more.asBoolean(), at, field.getKey() + " is unknown");
        }
      });
    }
  }

  private void hold(boolean holds, String at, String otherwise) {
    if (!holds) {
      errors.add(at + ": " + otherwise);
    }
  }

  private boolean anyOf(JsonNode schemas, JsonNode value) {
    for (JsonNode schema : schemas) {
      SchemaCheck one = new SchemaCheck(root);
      one.check(schema, value, "");
      if (one.errors.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(JsonNode values, JsonNode value) {
    for (JsonNode known : values) {
      if (known.equals(value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean anyType(JsonNode types, JsonNode value) {
    for (JsonNode type : types) {
      if (isType(type.asText(), value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isType(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "null" -> value.isNull();
      default -> throw new AssertionError(type);
    };
  }
}
