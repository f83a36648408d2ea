package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private static Tensor f32(long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocate(4 * Shape.of(shape).elements()), DType.F32, shape);
  }

  private static void refused(Program.Builder builder, String... parts) {
    assertThatThrownBy(builder::build).isInstanceOf(ShapeException.class).message().contains(parts);
  }

  @Test
  void aProgramKnowsItsPartsAndItsBuffers() {
    Tensor x = f32(2, 3);
    Tensor y = f32(2, 3);
    Tensor count = Tensor.ofHost(Arena.ofAuto().allocate(4), DType.I32, 1);
    Program.Builder builder = Program.builder("p").input(x).output(y);
    Tensor t = builder.temporary("t", DType.F32, 2, 3);
    Program program = builder.add(new Scale(x.withCount(count), 2, t.withCount(count))).add(new Scale(t, 3, y)).build();
    assertThat(program.operators()).hasSize(2);
    assertThat(program.temporaries()).extracting(Storage.Temporary::name).containsExactly("t");
    assertThat(program.buffers()).containsExactlyInAnyOrder(x.buffer(), y.buffer(), count.buffer());
    assertThat(program.caches()).isEmpty();
    assertThat(program).hasToString("program p of 2 operators");
    assertThatThrownBy(t::buffer).isInstanceOf(GatunException.class).hasMessageContaining("temporary");
  }

  @Test
  void anOperatorByItselfIsAProgram() {
    Tensor x = f32(2, 3);
    assertThat(Program.of(new Scale(x, 2, x)).outputs()).containsExactly(x);
    assertThat(Program.of(new Add(x, x, f32(2, 3))).inputs()).hasSize(2);
    assertThat(Program.of(new Scale(f32(0, 3), 2, f32(0, 3))).operators()).hasSize(1);
  }

  @Test
  void aTemporaryIsReadAfterItWasWritten() {
    Program.Builder builder = Program.builder("p").output(f32(2, 2));
    Tensor t = builder.temporary("hidden", DType.F32, 2, 2);
    refused(builder.add(new Scale(t, 2, builder.temporary("u", DType.F32, 2, 2))), "program p", "operator 0 scale", "x", "hidden",
        "before");
  }

  @Test
  void aTemporaryBelongsToItsProgram() {
    Tensor foreign = Program.builder("other").temporary("t", DType.F32, 2, 2);
    Tensor y = f32(2, 2);
    refused(Program.builder("p").output(y).add(new Scale(foreign, 2, y)), "operator 0 scale", "x", "another program");
  }

  @Test
  void whatIsWrittenIsATemporaryOrAnOutput() {
    Tensor x = f32(2, 2);
    refused(Program.builder("p").input(x).add(new Scale(x, 2, f32(2, 2))), "operator 0 scale", "y f32[2,2]", "no declared output");
    Tensor wide = f32(4, 2);
    Program.builder("p").input(x).output(wide).add(new Scale(x, 2, wide.slice(0, 1, 3))).build();
    refused(Program.builder("p").input(x).output(wide.slice(0, 0, 2)).add(new Scale(x, 2, wide.slice(0, 1, 3))), "no declared output");
  }

  @Test
  void inputsAndOutputsAreReal() {
    Program.Builder builder = Program.builder("p");
    Tensor t = builder.temporary("t", DType.F32, 2);
    refused(builder.input(t), "program p", "input f32[2]", "must be in a buffer");
    Program.Builder other = Program.builder("p");
    refused(other.output(other.temporary("t", DType.F32, 2)), "output f32[2]");
    Tensor nowhere = new Scale(f32(2), 1, f32(2)).toCase().operator().reads().getFirst();
    Tensor y = f32(2);
    refused(Program.builder("p").output(y).add(new Scale(nowhere, 1, y)), "operator 0 scale", "no storage");
  }

  @Test
  void aCountIsReal() {
    Program.Builder builder = Program.builder("p");
    Tensor x = f32(2, 2);
    Tensor y = f32(2, 2);
    Tensor count = builder.temporary("n", DType.I32, 1);
    refused(builder.input(x).output(y).add(new Scale(x.withCount(count), 1, y.withCount(count))), "operator 0 scale", "count of x");
  }

  @Test
  void aCountIsNotWritten() {
    Tensor x = f32(2, 2);
    Tensor sizes = Tensor.ofHost(Arena.ofAuto().allocate(12), DType.I32, 3);
    Tensor count = sizes.slice(0, 1, 2);
    Tensor y = f32(2, 2);
    Program.Builder builder = Program.builder("p").input(x).output(y, sizes).add(new Scale(x.withCount(count), 2, y.withCount(count)));
    builder.add(new Argmax(f32(1, 4), sizes.slice(0, 0, 1))).build();
    refused(builder.add(new Argmax(f32(2, 4), sizes.slice(0, 1, 3))), "program p, operator 2 argmax: y i32[2]", "count of x of scale");
  }

  @Test
  void outputsOverlapOnlyWhereTheOperatorAllowsIt() {
    Tensor x = f32(4, 4);
    assertThat(Program.of(new Scale(x, 2, x)).operators()).hasSize(1);
    refusedAlone(new Scale(x.slice(0, 0, 3), 2, x.slice(0, 1, 4)), "scale", "y f32[3,4] overlaps x f32[3,4]", "same view");
    assertThat(Program.of(new Scale(x, 2, x.reshape(2, 8).reshape(4, 4))).operators()).hasSize(1);
    refusedAlone(new Matmul(x, f32(4, 4), x), "matmul", "overlaps x", "never");
    refusedAlone(new Softmax(x.slice(1, 0, 2), 1, x.slice(1, 1, 3)), "softmax", "overlaps");
    refusedAlone(new Add(f32(4, 4), x.slice(0, 0, 1).reshape(4), x), "add", "overlaps b");
    refusedAlone(new TopK(f32(4, 4), x.slice(0, 0, 1).reshape(4, 1), Tensor.of(x.storage(), 0, DType.I32, Shape.of(4, 1))), "top_k",
        "values", "indices");
  }

  @Test
  void anOutputDoesNotOverlapItself() {
    Tensor memory = f32(64);
    for (long[] strides : new long[][] {{0, 1}, {3, 1}, {1, 1}}) {
      Tensor y = Tensor.of(memory.storage(), 0, DType.F32, Shape.of(3, 4), strides);
      refusedAlone(new Copy(f32(3, 4), y), "copy", "y f32[3,4]", "one another");
      assertThat(Program.of(new Copy(y, f32(3, 4))).operators()).as("as an input it may").hasSize(1);
    }
    assertThat(Program.of(new Copy(f32(3, 4), Tensor.of(memory.storage(), 0, DType.F32, Shape.of(3, 4), 1, 3))).operators()).hasSize(1);
  }

  private static void refusedAlone(Operator operator, String... parts) {
    assertThatThrownBy(() -> Program.of(operator)).isInstanceOf(ShapeException.class).message().contains(parts);
  }
}
