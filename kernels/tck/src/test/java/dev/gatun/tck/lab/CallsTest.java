package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.GatunException;
import dev.gatun.ShapeException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallsTest {
  @Test
  void whatWouldBeTakenForAWrongCaseIsAFailureOfTheBackend() {
    for (RuntimeException thrown : List.of(new ShapeException("of its own"), new ArithmeticException("of its own"),
        new NumberFormatException("of its own"), new NegativeArraySizeException("of its own"))) {
      assertThatThrownBy(() -> Calls.run(() -> {
        throw thrown;
      })).isInstanceOfSatisfying(CheckException.class, e -> assertThat(e.check()).isEqualTo("threw"))
          .hasMessageContaining("of its own").hasMessageContaining(thrown.getClass().getSimpleName());
    }
  }

  @Test
  void everythingElsePasses() {
    assertThat(Calls.of(() -> 3)).isEqualTo(3);
    RuntimeException unserved = new UnservedException("not here");
    assertThatThrownBy(() -> Calls.run(() -> {
      throw unserved;
    })).isSameAs(unserved);
    RuntimeException other = new GatunException("out of memory");
    assertThatThrownBy(() -> Calls.run(() -> {
      throw other;
    })).isSameAs(other);
  }
}
