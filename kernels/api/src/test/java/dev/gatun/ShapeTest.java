package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void sizesAreCountedFromBothEnds() {
    Shape shape = Shape.of(2, 3, 5);
    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.size(0)).isEqualTo(2);
    assertThat(shape.size(-1)).isEqualTo(5);
    assertThat(shape.elements()).isEqualTo(30);
    assertThat(shape.rows()).isEqualTo(6);
    assertThat(shape.with(-2, 7)).isEqualTo(Shape.of(2, 7, 5)).hasToString("[2,7,5]").hasSameHashCodeAs(Shape.of(2, 7, 5));
    assertThat(Shape.of(4).rows()).isEqualTo(1);
    assertThat(Shape.of(0, 9).elements()).isZero();
  }

  @Test
  void sizesBelongToTheirOwner() {
    long[] sizes = {2, 3};
    Shape shape = Shape.of(sizes);
    sizes[0] = 9;
    shape.sizes()[1] = 9;
    assertThat(shape).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void impossibleShapesAreRefused() {
    assertThatThrownBy(Shape::of).isInstanceOf(ShapeException.class).hasMessageContaining("1 to 4");
    assertThatThrownBy(() -> Shape.of(1, 1, 1, 1, 1)).isInstanceOf(ShapeException.class).hasMessageContaining("5");
    assertThatThrownBy(() -> Shape.of(2, -1)).isInstanceOf(ShapeException.class).hasMessageContaining("-1");
    assertThatThrownBy(() -> Shape.of(1L << 40, 1L << 40)).isInstanceOf(ShapeException.class).hasMessageContaining("overflow");
    assertThatThrownBy(() -> Shape.of(2).size(1)).isInstanceOf(ShapeException.class).hasMessageContaining("[2]");
    assertThatThrownBy(() -> Shape.of(2).with(-2, 1)).isInstanceOf(ShapeException.class);
  }
}
