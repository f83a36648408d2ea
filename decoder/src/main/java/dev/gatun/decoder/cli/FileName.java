package dev.gatun.decoder.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A file's name on the command line; a variable that a script forgot to set makes it empty. */
final class FileName implements ITypeConverter<Path> {
  FileName() {}

  @Override
  public Path convert(String name) {
    if (name.isBlank()) {
      throw new TypeConversionException("the file name is empty");
    }
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("no file name: " + e.getMessage());
    }
  }
}
