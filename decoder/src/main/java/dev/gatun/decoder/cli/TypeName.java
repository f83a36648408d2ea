package dev.gatun.decoder.cli;

import dev.gatun.DType;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An element type by its name on the command line. */
final class TypeName implements ITypeConverter<DType> {
  TypeName() {}

  @Override
  public DType convert(String name) {
    return DType.of(name).orElseThrow(() -> new TypeConversionException("unknown type '" + name + "'; there are "
        + Arrays.stream(DType.values()).map(DType::label).collect(Collectors.joining(", "))));
  }
}
