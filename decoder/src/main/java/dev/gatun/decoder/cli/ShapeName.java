package dev.gatun.decoder.cli;

import dev.gatun.decoder.model.ModelShape;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A model's shape by its name on the command line. */
final class ShapeName implements ITypeConverter<ModelShape> {
  ShapeName() {}

  @Override
  public ModelShape convert(String name) {
    return ModelShape.of(name).orElseThrow(() -> new TypeConversionException("unknown shape '" + name + "'; there are "
        + ModelShape.all().stream().map(ModelShape::name).collect(Collectors.joining(", "))));
  }
}
