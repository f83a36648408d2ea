package dev.gatun.c;

import dev.gatun.tck.Level;
import dev.gatun.tck.Scale;
import dev.gatun.tck.junit.BackendValidation;
import java.util.Optional;

/** The whole suite's quick level over the example in C, in processes that find its library by the property of this module's test JVM. */
class ExampleValidationTest extends BackendValidation {
  ExampleValidationTest() {
    super("example", Level.QUICK);
    Native.useExample();
  }

  @Override
  protected Optional<Scale> scale() {
    return Optional.of(Scale.EMULATED);
  }
}
