package dev.gatun.tornado.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Argmax;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Shape;
import dev.gatun.Softmax;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Place;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What no launch can do is refused with a reason while it is planned. */
class LaunchLimitsTest {
  private static final Traits GPU = new Traits(8, 128, 48 << 10, false);
  private static final long HUGE = 1L << 40;

  /** Without memory behind it, of which plans read none. */
  private static Tensor planned(DType type, long... sizes) {
    Shape shape = Shape.of(sizes);
    return Tensor.of(new Storage.Nowhere(type.bytes(shape.elements())), 0, type, shape);
  }

  static Stream<Operator> ofManyRows() {
    long rows = 1L << 27;
    Tensor x = planned(DType.F32, rows, 2);
    Tensor weight = planned(DType.F32, 2);
    return Stream.of(new RmsNorm(x, weight, 1e-5f, x), new LayerNorm(x, weight, Optional.empty(), 1e-5f, x), new Softmax(x, 1, x), new Copy(x, planned(DType.F16, rows, 2)),
        new Argmax(x, planned(DType.I32, rows)), new TopK(x, planned(DType.F32, rows, 1), planned(DType.I32, rows, 1)),
        new Matmul(planned(DType.F32, 1, 2), x, planned(DType.F32, 1, rows)));
  }

  @ParameterizedTest
  @MethodSource("ofManyRows")
  void moreWorkGroupsThanALaunchHasAreRefused(Operator operator) {
    Decision decision = Operators.plan(operator, new Traits(8, 256, 48 << 10, false));
    assertThat(decision).isInstanceOf(Unsupported.class);
    assertThat(((Unsupported) decision).reason()).startsWith(operator.name() + " would take ").contains("work-groups").contains("split");
  }

  static Stream<Operator> thatReduce() {
    Tensor x = planned(DType.F32, 2, 64);
    Tensor weight = planned(DType.F32, 64);
    return Stream.of(new RmsNorm(x, weight, 1e-5f, x), new LayerNorm(x, weight, Optional.empty(), 1e-5f, x), new Softmax(x, 1, x), new Argmax(x, planned(DType.I32, 2)),
        new TopK(x, planned(DType.F32, 2, 1), planned(DType.I32, 2, 1)), new Matmul(x, planned(DType.F32, 2, 64), planned(DType.F32, 2, 2)));
  }

  @ParameterizedTest
  @MethodSource("thatReduce")
  void aDeviceWithoutTheLocalMemoryOfAKernelIsRefused(Operator operator) {
    assertThat(Operators.plan(operator, GPU)).isInstanceOf(TornadoPlan.class);
    Decision decision = Operators.plan(operator, new Traits(8, 128, 512, false));
    assertThat(decision).isInstanceOf(Unsupported.class);
    assertThat(((Unsupported) decision).reason()).contains("bytes of local memory, the device has 512");
  }

  static Stream<Operator> withStridesThatAreNeverTaken() {
    Tensor row = strided(DType.F32, 64, 1, 64);
    Tensor none = strided(DType.F32, 0, 3, 0);
    Tensor one = strided(DType.F32, 1, 1, 1);
    Tensor index = strided(DType.I32, 1, 1, 1);
    Tensor weight = strided(DType.F32, 64, 1, 64);
    return Stream.of(new Argmax(row, planned(DType.I32, 1)), new TopK(row, one, index), new Matmul(row, weight, one), new Copy(none, none),
        new Softmax(row, 1, row), new Quantize(row, strided(DType.Q8_0, 64, 1, 64)));
  }

  private static Tensor strided(DType type, int elements, long... sizes) {
    return Tensor.of(new Storage.Nowhere(type.bytes(elements)), 0, type, Shape.of(sizes), HUGE, 1);
  }

  @ParameterizedTest
  @MethodSource("withStridesThatAreNeverTaken")
  void aStrideThatIsNeverTakenMayBeAnything(Operator operator) {
    assertThat(Operators.plan(operator, GPU)).isInstanceOf(TornadoPlan.class);
    assertThat(Operators.launches(operator, GPU, new Binding(_ -> new Place(0, 0), new Place(0, 0)))).isNotEmpty();
  }
}
