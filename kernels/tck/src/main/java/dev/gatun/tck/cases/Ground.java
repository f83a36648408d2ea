package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.tck.Scale;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.UnservedException;
import dev.gatun.tck.lab.Workbench;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What promises are examined with: the backend, another of the same kind, and a program whose every step shows in its result. */
final class Ground {
  /** Enough that a device is at work for a while. */
  private static final int STEPS = 128;
  private static final int FEW_STEPS = 24;
  private static final List<DType> CACHES = List.of(DType.F32, DType.F16, DType.BF16);
  private static final int[] PAGES = {4, 16, 64};
  private static final int[] HEAD_SIZES = {16, 64, 128};
  /** Of the keys and values of every cache here. */
  static final int HEADS = 2;

  final Values values;
  final Workbench bench;
  private final Findings findings;

  Ground(Values values, Workbench bench, Findings findings) {
    this.values = values;
    this.bench = bench;
    this.findings = findings;
  }

  Backend backend() {
    return bench.backend();
  }

  Stream stream() {
    return bench.stream();
  }

  /** Another backend of the same name and settings, closed with the case. */
  Backend another() {
    return bench.own(bench.lab().another());
  }

  <T extends AutoCloseable> T own(T resource) {
    return bench.own(resource);
  }

  void unsupported(String reason) {
    findings.unsupported(reason);
  }

  boolean emulated() {
    return bench.lab().scale() == Scale.EMULATED;
  }

  /** Ends the case unless it holds. */
  void holds(boolean holds, Supplier<String> otherwise) {
    findings.check("promise", holds, otherwise);
  }

  /** {@code call} must end in an exception of that type, with a message. */
  String refused(String call, Class<? extends GatunException> type, Runnable action) {
    try {
      action.run();
    } catch (GatunException e) {
      holds(type.isInstance(e), () -> call + " must end in " + type.getSimpleName() + ", not in " + e);
      holds(e.getMessage() != null && !e.getMessage().isBlank(), () -> call + " ends in an exception without a message");
      return e.getMessage();
    } catch (RuntimeException | Error e) {
      throw new CheckException("promise", call + " must end in " + type.getSimpleName() + ", not in " + e);
    }
    throw new CheckException("promise", call + " must end in " + type.getSimpleName() + ", yet it returns");
  }

  /** {@code call} may be refused, but by an exception of Gatun's only. @return whether it was done */
  boolean attempted(String call, Runnable action) {
    try {
      action.run();
      return true;
    } catch (GatunException _) {
      return false;
    } catch (RuntimeException | Error e) {
      throw new CheckException("promise", call + " must end in an exception of Gatun's, if in any, not in " + e);
    }
  }

  /**
   * A cache of one layer and two heads, of the first kind of those tried that the backend makes: positions are to be told in pages, elements to be exact in all floats.
   *
   * @throws UnservedException with the reason why it makes not even the last of them
   */
  KvCache cache(Backend on, int pages, int slots, int slotPages) {
    return cache(on, CACHES, 1, pages, slots, slotPages);
  }

  /** The same, of one of the dtypes and with as many layers. */
  KvCache cache(Backend on, List<DType> dtypes, int layers, int pages, int slots, int slotPages) {
    Optional<UnservedException> refusal = Optional.empty();
    for (DType dtype : dtypes) {
      for (int page : PAGES) {
        for (int size : HEAD_SIZES) {
          try {
            return Workbench.cache(on, new KvCache.Spec(layers, HEADS, size, size, dtype, page, pages, slots, page * slotPages));
          } catch (UnservedException e) {
            refusal = Optional.of(e);
          }
        }
      }
    }
    throw refusal.orElseThrow();
  }

  /** The same, for promises that are about more than caches. */
  Optional<KvCache> anyCache(Backend on) {
    try {
      return Optional.of(cache(on, 8, 2, 4));
    } catch (UnservedException _) {
      return Optional.empty();
    }
  }

  /** How many steps a long program has. */
  int steps() {
    return emulated() ? FEW_STEPS : STEPS;
  }

  /** Zeros, in memory of the backend's own. */
  Tensor zeros(Backend on) {
    int rows = emulated() ? 4 : 16;
    int n = emulated() ? 96 : 1024;
    Tensor x = on.tensor(new float[rows * n], rows, n);
    return x;
  }

  /** Adds 1 to every element of {@code x}, over and over: what is there tells how much of it is done. */
  Executable adding(Backend on, Tensor x, int steps) {
    return on.compile(program(on, x, steps));
  }

  /** The program for it. */
  Program program(Backend on, Tensor x, int steps) {
    float[] ones = new float[(int) x.size(-1)];
    Arrays.fill(ones, 1);
    Tensor one = on.tensor(ones, ones.length);
    Program.Builder builder = Program.builder("adding").input(x, one).output(x);
    for (int i = 0; i < steps; i++) {
      builder.add(new Add(x, one, x));
    }
    return builder.build();
  }

  /** Every element must be {@code wanted}. */
  void all(String where, float[] values, float wanted) {
    for (int i = 0; i < values.length; i++) {
      int at = i;
      holds(values[i] == wanted, () -> where + ": element " + at + " is " + values[at] + " instead of " + wanted);
    }
  }

  /** The elements as they are this moment, with no other wait than a copy needs, which another stream makes. */
  float[] peek(Backend on, Tensor x) {
    if (x.buffer().host().isPresent()) {
      return x.buffer().host().get().asSlice(x.offset(), x.bytes()).toArray(ValueLayout.JAVA_FLOAT);
    }
    try (Stream other = on.newStream()) {
      return other.readFloats(x);
    }
  }

  /** A normal piece of work: what is refused or failed must leave the backend able to do it. */
  void works(Backend on, String after) {
    Tensor x = on.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor y = on.allocate(DType.F32, 2, 3);
    try (Stream stream = on.newStream()) {
      stream.run(new Add(x, x, y));
      float[] there = stream.readFloats(y);
      holds(Arrays.equals(there, new float[] {2, 4, 6, 8, 10, 12}), () -> after + ", a sum is wrong: " + Arrays.toString(there));
    } finally {
      x.buffer().close();
      y.buffer().close();
    }
  }

  /** Host memory for {@code x}'s elements, freed with the case. */
  Tensor host(Tensor like) {
    MemorySegment memory = own(Arena.ofShared()).allocate(Math.max(1, like.bytes()), 64);
    return Tensor.of(Buffer.ofHost(memory), 0, like.dtype(), Shape.of(like.shape().sizes()));
  }

  static float[] floats(Tensor host) {
    return host.buffer().host().orElseThrow().asSlice(host.offset(), host.bytes()).toArray(ValueLayout.JAVA_FLOAT);
  }
}
