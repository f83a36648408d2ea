package dev.gatun.decoder.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.gatun.DType;
import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.Regression;
import dev.gatun.decoder.cli.rate.Samples;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.WeightMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The rows of an earlier run, from its JSON: an array, or an object a line. */
final class BenchBase {
  private final CommandLine command;
  private final Path file;
  private final List<Map<String, Object>> rows;
  private final Map<BenchSetting, List<Map<String, Object>>> ran = new IdentityHashMap<>();

  private BenchBase(CommandLine command, Path file, List<Map<String, Object>> rows) {
    this.command = command;
    this.file = file;
    this.rows = rows;
  }

  static BenchBase read(CommandLine command, Path file) {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (JsonParser in = new JsonFactory().createParser(Files.readString(file))) {
      for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
        if (token == JsonToken.START_OBJECT) {
          rows.add(object(in));
        }
      }
    } catch (JsonProcessingException e) {
      throw new ParameterException(command, "--compare: " + file + " is no JSON, at line " + e.getLocation().getLineNr()
          + ": write it by gatun bench --save", e);
    } catch (IOException e) {
      throw new ParameterException(command, "--compare: " + file + " can't be read: " + e, e);
    }
    BenchBase base = new BenchBase(command, file, rows);
    if (rows.isEmpty()) {
      throw base.refused("it holds no row");
    }
    rows.forEach(base::check);
    return base;
  }

  private static Map<String, Object> object(JsonParser in) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      in.nextToken();
      fields.put(name, value(in));
    }
    return fields;
  }

  private static Object value(JsonParser in) throws IOException {
    return switch (in.currentToken()) {
      case START_OBJECT -> object(in);
      case START_ARRAY -> {
        List<Object> all = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          all.add(value(in));
        }
        yield all;
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> in.getDoubleValue();
      case VALUE_TRUE, VALUE_FALSE -> in.getBooleanValue();
      default -> in.getText();
    };
  }

  /** That this can't be compared, and why. */
  ParameterException refused(String why) {
    return new ParameterException(command, "--compare: " + file + ": " + why);
  }

  private void check(Map<String, Object> row) {
    for (String name : new String[] {"n_prompt", "n_gen", "n_depth", "n_sequences", "context"}) {
      if (!(row.get(name) instanceof Double number) || number < 0 || number > Integer.MAX_VALUE || number != Math.rint(number)) {
        throw lacks(name);
      }
    }
    for (String name : new String[] {"backend", "model_filename", "type_k", "activations"}) {
      if (!(row.get(name) instanceof String)) {
        throw lacks(name);
      }
    }
    RateTest test = test(row);
    if (test.tokens() == 0 || test.sequences() == 0) {
      throw refused("a row times no token");
    }
    if (row.containsKey(BenchRun.SLOWED)) {
      throw refused("its kernels were slowed down on purpose: measure it without " + row.get(BenchRun.SLOWED));
    }
    int repeats = samples(row, "samples_ts").values().length;
    if (repeats < Regression.LEAST_REPEATS) {
      throw refused(test + " was measured " + repeats + " times, too few to tell noise from a change: measure it with -r " + Regression.LEAST_REPEATS
          + " or more");
    }
    run(row);
  }

  private ParameterException lacks(String name) {
    return refused("a row has no usable field " + name + ": write it by gatun bench --save");
  }

  /** A field's numbers, all positive. */
  private Samples samples(Map<?, ?> row, String name) {
    if (!(row.get(name) instanceof List<?> all) || all.isEmpty() || !all.stream().allMatch(value -> value instanceof Double number && number > 0)) {
      throw lacks(name);
    }
    return new Samples(all.stream().mapToDouble(value -> (Double) value).toArray());
  }

  Regression.Run run(Map<String, Object> row) {
    if (!(row.get("calibration") instanceof Map<?, ?> calibration)) {
      throw lacks("calibration");
    }
    return new Regression.Run(samples(row, "samples_ts"), samples(calibration, "memory_ns"), samples(calibration, "arithmetic_ns"));
  }

  static RateTest test(Map<String, Object> row) {
    return new RateTest(number(row, "n_prompt"), number(row, "n_gen"), number(row, "n_depth"), number(row, "n_sequences"));
  }

  private static int number(Map<String, Object> row, String name) {
    return ((Number) row.get(name)).intValue();
  }

  /** The row of a test in one of {@link #settings}. */
  Map<String, Object> row(BenchSetting setting, RateTest test) {
    return ran.get(setting).stream().filter(row -> test(row).equals(test)).findFirst().orElseThrow();
  }

  /** Rows by what they ran on. */
  private Collection<List<Map<String, Object>>> groups() {
    Map<List<Object>, List<Map<String, Object>>> groups = new LinkedHashMap<>();
    for (Map<String, Object> row : rows) {
      List<Object> key = new ArrayList<>();
      for (String name : new String[] {"model_filename", "shape", "weight_type", "made", "backend", "backend_options", "n_threads", "type_k", "activations",
          "context", "pretend"}) {
        key.add(row.get(name));
      }
      groups.computeIfAbsent(key, _ -> new ArrayList<>()).add(row);
    }
    return groups.values();
  }

  /** What its rows ran on, or for all of them what the options say instead. */
  List<BenchSetting> settings(CommandSpec spec, ModelChoices models, BackendChoices backends) {
    List<ModelSource> sources = models.given() ? models.sources() : List.of();
    List<BackendChoice> choices = backends.given() ? backends.choices() : List.of();
    if (sources.size() > 1 || choices.size() > 1) {
      throw new ParameterException(command, "--compare takes one model and one backend, if any: it measures what " + file + " holds");
    }
    List<BenchSetting> all = new ArrayList<>();
    for (List<Map<String, Object>> group : groups()) {
      Map<String, Object> row = group.getFirst();
      BackendChoice choice = choices.isEmpty() ? backend(spec, row) : choices.getFirst();
      choice.check();
      BenchSetting setting = new BenchSetting(sources.isEmpty() ? source(row) : sources.getFirst(), choice, cache(spec, row),
          Boolean.TRUE.equals(row.get("pretend")), group.stream().map(BenchBase::test).distinct().toList());
      ran.put(setting, group);
      all.add(setting);
    }
    return all;
  }

  private ModelSource source(Map<String, Object> row) {
    if (row.get("shape") instanceof String name && row.get("weight_type") instanceof String type) {
      ModelShape shape = ModelShape.of(name).orElseThrow(() -> refused("there is no shape " + name + " any more"));
      return ModelSource.of(shape, mix(type), Boolean.TRUE.equals(row.get("made")));
    }
    Path model = Path.of((String) row.get("model_filename"));
    if (!Files.exists(model)) {
      throw refused("its model " + model + " is not there: name it by --model");
    }
    return ModelSource.of(model);
  }

  private WeightMix mix(String label) {
    return WeightMix.of(label).orElseThrow(() -> refused("there is no type " + label));
  }

  private DType type(String label) {
    return DType.of(label).orElseThrow(() -> refused("there is no type " + label));
  }

  private BackendChoice backend(CommandSpec spec, Map<String, Object> row) {
    Map<String, String> options = new LinkedHashMap<>();
    if (row.get("backend_options") instanceof Map<?, ?> given) {
      given.forEach((name, value) -> options.put(String.valueOf(name), String.valueOf(value)));
    }
    return BackendChoice.of(spec, Optional.of((String) row.get("backend")), Optional.empty(), Optional.empty(), options);
  }

  private CacheChoice cache(CommandSpec spec, Map<String, Object> row) {
    CacheChoice choice = CacheChoice.of(spec, Optional.of(number(row, "context")), type((String) row.get("type_k")), type((String) row.get("activations")));
    choice.check();
    return choice;
  }
}
