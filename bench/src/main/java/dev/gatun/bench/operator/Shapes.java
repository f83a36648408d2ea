package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.bench.NotRunException;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.ModelShape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The named models that sizes come from: those of the validation suite, or of the file in {@code gatun.bench.shapes}. */
final class Shapes {
  static final String PROPERTY = "gatun.bench.shapes";

  private Shapes() {}

  static ModelShape named(String name) {
    List<ModelShape> all = all();
    return all.stream().filter(shape -> shape.name().equals(name)).findFirst().orElseThrow(() -> new NotRunException(
        "there is no shape '" + name + "'; there are: " + all.stream().map(ModelShape::name).collect(Collectors.joining(", "))));
  }

  private static List<ModelShape> all() {
    String file = System.getProperty(PROPERTY);
    if (file == null) {
      return ModelShape.builtIn();
    }
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      return ModelShape.read(file, in);
    } catch (IOException e) {
      throw new NotRunException("the file of shapes -D" + PROPERTY + "=" + file + " cannot be read: " + e);
    } catch (CaseException e) {
      throw new NotRunException(e.getMessage());
    }
  }

  static DType type(String label) {
    return Arrays.stream(DType.values()).filter(type -> type.label().equals(label)).findFirst().orElseThrow(() -> new NotRunException("there is no type '"
        + label + "'; there are: " + Arrays.stream(DType.values()).map(DType::label).collect(Collectors.joining(", "))));
  }
}
