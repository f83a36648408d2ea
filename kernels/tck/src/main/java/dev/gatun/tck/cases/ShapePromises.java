package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Backend;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Shape;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;

/** What is promised of shapes, dtypes and programs that do not fit: a refusal that says so, before anything is changed. */
final class ShapePromises {
  private ShapePromises() {}

  static void list(Promises to) {
    to.with("copy_between_dtypes", ground -> copy(ground, DType.F16, 24))
        .with("copy_between_sizes", ground -> copy(ground, DType.F32, 20))
        .with("copy_with_gaps", ShapePromises::gaps)
        .with("copy_of_a_prepared_weight", ShapePromises::copyPrepared)
        .with("write_of_too_much", ShapePromises::write)
        .with("prepare_twice", ShapePromises::prepareTwice)
        .with("prepare_with_gaps", ShapePromises::prepareGaps)
        .with("prepared_for_another_use", ShapePromises::otherUse)
        .with("profile_of_no_runs", ShapePromises::profile)
        .with("temporary_read_unwritten", ShapePromises::unwritten)
        .with("temporary_of_another_program", ShapePromises::foreignTemporary)
        .with("output_undeclared", ShapePromises::undeclared)
        .with("output_overlaps_input", ShapePromises::overlap)
        .with("output_overlaps_itself", ShapePromises::self)
        .with("count_is_written", ShapePromises::count);
  }

  private static Tensor ramp(Backend on) {
    float[] values = new float[24];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return on.tensor(values, 4, 6);
  }

  private static void untouched(Ground ground, Tensor ramp) {
    float[] there = ground.stream().readFloats(ramp);
    for (int i = 0; i < there.length; i++) {
      int at = i;
      ground.holds(there[i] == i, () -> "after the refusal element " + at + " has changed to " + there[at]);
    }
    ground.works(ground.backend(), "after the refusal");
  }

  private static void copy(Ground ground, DType type, int elements) {
    Tensor x = ramp(ground.backend());
    Tensor other = ground.backend().allocate(type, elements);
    ground.refused("copying " + other + " to " + x, ShapeException.class, () -> ground.stream().copy(other, x));
    ground.refused("copying " + x + " to " + other, ShapeException.class, () -> ground.stream().copy(x, other));
    untouched(ground, x);
  }

  private static void gaps(Ground ground) {
    Tensor x = ramp(ground.backend());
    Tensor columns = x.slice(1, 1, 3);
    Tensor other = ground.backend().allocate(DType.F32, 4, 2);
    ground.refused("copying to columns", ShapeException.class, () -> ground.stream().copy(other, columns));
    ground.refused("copying columns", ShapeException.class, () -> ground.stream().copy(columns, other));
    untouched(ground, x);
  }

  private static Tensor weight(Ground ground, DType type) {
    return ground.bench.input(type, Placement.PACKED, Fill.NORMAL.values(ground.values.seed("weight"), 64 * 256), 64, 256);
  }

  private static void copyPrepared(Ground ground) {
    for (DType type : new DType[] {DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.F16}) {
      Tensor prepared = ground.bench.prepared(weight(ground, type), Use.MATMUL);
      if (!prepared.isPlain()) {
        Tensor other = ground.backend().allocate(type, 64, 256);
        ground.refused("copying " + prepared, ShapeException.class, () -> ground.stream().copy(prepared, other));
      }
    }
    ground.works(ground.backend(), "after the refusal");
  }

  private static void write(Ground ground) {
    Tensor x = ramp(ground.backend());
    ground.refused("writing 25 values to 24 elements", ShapeException.class, () -> ground.stream().write(x, new float[25]));
    ground.refused("writing integers to F32", ShapeException.class, () -> ground.stream().write(x, 1, 2, 3));
    ground.refused("reading F32 as integers", ShapeException.class, () -> ground.stream().readInts(x));
    untouched(ground, x);
  }

  private static void prepareTwice(Ground ground) {
    for (DType type : new DType[] {DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.F16}) {
      Tensor prepared = ground.bench.prepared(weight(ground, type), Use.MATMUL);
      if (!prepared.isPlain()) {
        ground.refused("preparing " + prepared + " again", ShapeException.class, () -> ground.backend().prepare(prepared, Use.MATMUL));
      }
    }
    ground.works(ground.backend(), "after the refusal");
  }

  private static void prepareGaps(Ground ground) {
    Tensor x = ramp(ground.backend());
    Tensor scattered = Tensor.of(x.storage(), 0, DType.F32, Shape.of(4, 3), 6, 2);
    ground.refused("preparing a weight whose rows have gaps", ShapeException.class, () -> ground.backend().prepare(scattered, Use.MATMUL));
    untouched(ground, x);
  }

  /** A weight made ready for lookups may be what a product takes, or be refused; it must not be misread. */
  private static void otherUse(Ground ground) {
    for (DType type : new DType[] {DType.Q4_0, DType.Q4_K, DType.F32}) {
      Tensor plain = weight(ground, type);
      Tensor table = ground.bench.prepared(plain, Use.EMBEDDING);
      Tensor product = ground.bench.prepared(plain, Use.MATMUL);
      float[] ones = new float[256];
      Arrays.fill(ones, 1);
      Tensor x = ground.backend().tensor(ones, 1, 256);
      Tensor y = ground.backend().allocate(DType.F32, 1, 64);
      ground.stream().run(new Matmul(x, product, y));
      float[] wanted = ground.stream().readFloats(y);
      if (ground.attempted("a product with a table", () -> ground.stream().run(new Matmul(x, table, y)))) {
        float[] there = ground.stream().readFloats(y);
        for (int i = 0; i < there.length; i++) {
          int at = i;
          ground.holds(Math.abs(there[i] - wanted[i]) <= 0.05 * (1 + Math.abs(wanted[i])), () -> "a table of " + type.label()
              + " is misread by a product: element " + at + " is " + there[at] + " instead of " + wanted[at]);
        }
      }
    }
  }

  private static void profile(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, 1));
    ground.refused("a profile of 0 runs", ShapeException.class, () -> executable.profile(ground.stream(), 0));
    ground.all("after the refusal", ground.stream().readFloats(x), 0);
  }

  private static void unwritten(Ground ground) {
    Tensor y = ramp(ground.backend());
    Program.Builder builder = Program.builder("unwritten").output(y);
    Tensor t = builder.temporary("t", DType.F32, 4, 6);
    builder.add(new Scale(t, 2, y));
    ground.refused("a program that reads a temporary before it is written", ShapeException.class, builder::build);
    untouched(ground, y);
  }

  private static void foreignTemporary(Ground ground) {
    Tensor y = ramp(ground.backend());
    Tensor t = Program.builder("other").temporary("t", DType.F32, 4, 6);
    ground.refused("a program over a temporary of another", ShapeException.class, () -> Program.builder("one").output(y).add(new Scale(t, 2, y)).build());
    ground.refused("running one operator over a temporary", GatunException.class, () -> ground.stream().run(new Scale(t, 2, y)));
    untouched(ground, y);
  }

  private static void undeclared(Ground ground) {
    Tensor x = ramp(ground.backend());
    Program.Builder builder = Program.builder("undeclared").input(x).add(new Scale(x, 2, x));
    ground.refused("a program that writes what is no declared output", ShapeException.class, builder::build);
    untouched(ground, x);
  }

  private static void overlap(Ground ground) {
    Tensor x = ramp(ground.backend());
    Tensor first = x.slice(0, 0, 3);
    Tensor second = x.slice(0, 1, 4);
    ground.refused("an output that is shifted against its input", ShapeException.class, () -> ground.stream().run(new Scale(first, 2, second)));
    ground.refused("a copy in place", ShapeException.class, () -> ground.stream().run(new Copy(x, x)));
    untouched(ground, x);
  }

  private static void self(Ground ground) {
    Tensor x = ramp(ground.backend());
    Tensor folded = Tensor.of(x.storage(), 0, DType.F32, Shape.of(2, 4), 2, 1);
    Tensor source = ground.backend().tensor(new float[8], 2, 4);
    ground.refused("an output whose rows share memory", ShapeException.class, () -> ground.stream().run(new Add(source, source, folded)));
    untouched(ground, x);
  }

  private static void count(Ground ground) {
    Tensor ids = ground.backend().tensor(new int[] {1, 0, 0, 0}, 4);
    Tensor count = ids.slice(0, 0, 1);
    Tensor logits = ramp(ground.backend());
    Program.Builder builder = Program.builder("count").input(logits, count).output(ids)
        .add(new Argmax(logits.withCount(count), ids.withCount(count)));
    ground.refused("a program that writes the count it runs by", ShapeException.class, builder::build);
    untouched(ground, logits);
  }
}
