package dev.gatun.tck.lab;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.GatherRows;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Shape;
import dev.gatun.ShapeException;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.Use;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where one case is laid out: its tensors between guards in host memory, and, where the backend's operators do not read that, the same areas, guards included, in
 * buffers of the backend's own that only copies reach. Families make host tensors only. Closing it frees everything.
 */
public final class Workbench implements AutoCloseable {
  /** The bytes of a case's largest tensor or cache: what any model needs, and too few to fill the memory of a line typed by hand. */
  static final long MOST_BYTES = 4L << 30;

  private final Lab lab;
  private final Memory memory = new Memory();
  private final List<Buffer> device = new ArrayList<>();
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Map<Integer, Tensor> counts = new HashMap<>();

  Workbench(Lab lab) {
    this.lab = lab;
  }

  /** The backend under test. */
  public Backend backend() {
    return lab.backend();
  }

  /** The stream that cases run on. */
  public Stream stream() {
    return lab.stream();
  }

  /** How the backend is opened, for cases that need another. */
  public Lab lab() {
    return lab;
  }

  /**
   * A tensor whose every byte is poison, between guards.
   *
   * @throws CaseException if no case may have one so large
   */
  public Tensor place(DType dtype, Placement placement, long... shape) {
    double bytes = Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b) * dtype.blockBytes() / dtype.blockSize();
    if (bytes > MOST_BYTES) {
      throw new CaseException("a tensor " + dtype.label() + Arrays.toString(shape) + " of " + (long) bytes
          + " bytes is too large for a case: there may be " + MOST_BYTES);
    }
    return memory.place(dtype, placement, shape);
  }

  /** A packed, poisoned tensor. */
  public Tensor output(DType dtype, long... shape) {
    return place(dtype, Placement.PACKED, shape);
  }

  /** A tensor of the given values, rounded to the dtype; what they leave of its last rows stays poison. */
  public Tensor input(DType dtype, Placement placement, double[] values, long... shape) {
    return fill(place(dtype, placement, shape), values);
  }

  /** A packed vector of F32. */
  public Tensor vector(double... values) {
    return input(DType.F32, Placement.PACKED, values, values.length);
  }

  /** A packed vector of I32. */
  public Tensor ints(int... values) {
    return input(DType.I32, Placement.PACKED, Arrays.stream(values).asDoubleStream().toArray(), values.length);
  }

  /** Random elements, quickly: floats evenly over [−1, 1), block types of every code and scale ({@link Inputs#fill}). For weights of a model's size. */
  public Tensor random(DType dtype, Placement placement, long seed, long... shape) {
    return random(place(dtype, placement, shape), seed);
  }

  /** The same over a tensor that there is. */
  public Tensor random(Tensor tensor, long seed) {
    Runs.of(tensor, Math.toIntExact(tensor.size(0)), (from, to) ->
        Inputs.fill(tensor.dtype(), seed ^ from, Host.buffers().memory(tensor).asSlice(from, to - from)));
    return tensor;
  }

  /** Writes the first values, rounded to the dtype; what is left stays as it is. */
  public Tensor fill(Tensor tensor, double... values) {
    Elements.write(Host.buffers(), tensor, values);
    return tensor;
  }

  /** The tensor with a count of its rows, if there is one; all tensors of a case that are given the same share it. */
  public Tensor counted(Tensor tensor, OptionalInt count) {
    return count.isPresent() ? tensor.withCount(counts.computeIfAbsent(count.getAsInt(), this::ints)) : tensor;
  }

  /**
   * A weight made ready on the backend, freed with the bench.
   *
   * @throws CheckException if that changed the weight, or the backend is not honest about what it took, or refuses without a reason
   * @throws UnservedException with the backend's reason, if it makes no such weight ready
   */
  public Tensor prepared(Tensor weight, Use use) {
    long before = memory.sum(weight);
    Prepared prepared;
    try {
      prepared = backend().prepare(weight, use);
    } catch (GatunException e) {
      // What is left is of a device that failed or of something closed, which is no refusal.
      if (e instanceof ShapeException || e instanceof UnsupportedCaseException || e.getClass() == GatunException.class) {
        throw unserved("the backend does not prepare " + weight + " for " + use, e);
      }
      throw e;
    }
    Tensor ready = prepared.tensor();
    boolean original = weight.storage() == ready.storage();
    if (!original) {
      own(ready.buffer());
    }
    prepared(memory.sum(weight) == before, "preparing " + weight + " for " + use + " changed the weight itself or what is round it");
    prepared(ready.shape().equals(weight.shape()), "prepared for " + use + ", " + weight + " has become " + ready);
    prepared(original == prepared.inPlace() || weight.shape().elements() == 0, "prepared for " + use + ", " + weight + (original ? " is the original, yet" : " has memory of its own, but")
        + " the backend says that this took " + prepared.bytes() + " bytes");
    prepared(original || prepared.bytes() >= ready.buffer().bytes(), "prepared for " + use + ", " + weight + " lies in " + ready.buffer().bytes()
        + " bytes, but the backend says that it took " + prepared.bytes());
    prepared(prepared.nanos() >= 0 && !prepared.reason().isBlank(), "prepare says neither how long it took nor why it chose this layout");
    return ready;
  }

  /**
   * A new cache of {@code on}, which is to be closed.
   *
   * @throws UnservedException with the backend's reason, if it makes none of this kind
   * @throws CheckException if it gives no reason
   */
  public static KvCache cache(Backend on, KvCache.Spec spec) {
    try {
      return on.newKvCache(spec);
    } catch (ShapeException e) {
      throw unserved("the backend makes no cache " + spec, e);
    }
  }

  private static UnservedException unserved(String what, GatunException refusal) {
    if (refusal.getMessage() == null || refusal.getMessage().isBlank()) {
      throw new CheckException("refusal", what + " and gives no reason");
    }
    return new UnservedException(refusal.getMessage());
  }

  private static void prepared(boolean holds, String message) {
    if (!holds) {
      throw new CheckException("prepared", message);
    }
  }

  /** Closes {@code resource} with the bench, before what came earlier. */
  public <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /** The operator as the backend runs it: over the device's tensors. */
  public Operator onDevice(Operator operator) {
    return lab.mirrored() ? operator.with(this::onDevice) : operator;
  }

  /** The device's tensor for one of this bench; what is not of the bench, as a prepared weight, stays. */
  public Tensor onDevice(Tensor tensor) {
    int area = lab.mirrored() && tensor.storage() instanceof Buffer buffer ? memory.indexOf(buffer) : Memory.NONE;
    if (area == Memory.NONE) {
      return tensor;
    }
    Tensor view = Tensor.of(deviceBuffer(area), tensor.offset(), tensor.dtype(), tensor.shape(), tensor.strides());
    return tensor.count().map(count -> view.withCount(onDevice(count))).orElse(view);
  }

  /** Makes the device's memory the host's. */
  public void upload() {
    for (int i = 0; lab.mirrored() && i < memory.count(); i++) {
      stream().copy(bytes(memory.buffer(i)), bytes(deviceBuffer(i)));
    }
  }

  /** Waits for the stream, and makes the host's memory the device's. */
  public void download() {
    for (int i = 0; lab.mirrored() && i < device.size(); i++) {
      stream().copy(bytes(device.get(i)), bytes(memory.buffer(i)));
    }
    stream().synchronize();
  }

  /** The rows of an output that an operator writes: up to the count that its rows vary with. */
  static int rows(Operator operator, Tensor output) {
    Optional<Tensor> varying = operator.operands().stream()
        // The number of sequences is a count too, and so is that of the rows gathered from, but of no rows of an output.
        .filter(operand -> !operand.name().equals("slots") && !operand.name().equals("starts")
            && !(operator instanceof GatherRows && operand.name().equals("x")))
        .map(Operator.Operand::tensor).filter(t -> t.count().isPresent()).findFirst();
    return varying.map(t -> Elements.rows(Host.buffers(), output.withoutCount().withCount(t.count().orElseThrow())))
        .orElseGet(() -> Math.toIntExact(output.size(0)));
  }

  Memory memory() {
    return memory;
  }

  private Buffer deviceBuffer(int area) {
    while (device.size() <= area) {
      device.add(own(backend().allocate(memory.buffer(device.size()).bytes())));
    }
    return device.get(area);
  }

  private static Tensor bytes(Buffer buffer) {
    return Tensor.of(buffer, 0, DType.I8, Shape.of(buffer.bytes()));
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    try {
      // After a failure copies may still be under way, to and from memory that goes now.
      stream().synchronize();
    } catch (GatunException e) {
      failure = new CheckException("close", "waiting for what the case started: " + e);
    }
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        failure = failure == null ? new CheckException("close", "freeing what the case used: " + e) : failure;
      }
    }
    memory.close();
    if (failure != null) {
      throw failure;
    }
  }
}
