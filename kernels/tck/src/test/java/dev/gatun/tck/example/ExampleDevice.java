package dev.gatun.tck.example;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The example backend, open, for tests that keep their tensors on the Java heap: those are carried to the device and back. */
final class ExampleDevice implements AutoCloseable {
  private final Backend backend;
  private final Stream stream;

  ExampleDevice(BackendOptions options) {
    this.backend = Gatun.open("example", options);
    this.stream = backend.newStream();
  }

  static ExampleDevice healthy() {
    return new ExampleDevice(BackendOptions.none());
  }

  static ExampleDevice with(Defect defect) {
    return new ExampleDevice(BackendOptions.none().with("defect", defect.label()));
  }

  Backend backend() {
    return backend;
  }

  Stream stream() {
    return stream;
  }

  /** A packed tensor on the Java heap; values that are missing stay zero. */
  static Tensor heap(DType dtype, double[] values, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    Tensor tensor = Tensor.ofHost(MemorySegment.ofArray(new byte[(int) dtype.bytes(elements)]), dtype, shape);
    Elements.write(Host.buffers(), tensor, values);
    return tensor;
  }

  static Tensor ints(int... values) {
    return heap(DType.I32, Arrays.stream(values).asDoubleStream().toArray(), values.length);
  }

  static Tensor output(DType dtype, long... shape) {
    return heap(dtype, new double[0], shape);
  }

  /** What the device leaves in the outputs of an operator over tensors of the Java heap: by name, every row up to the bound. */
  Map<String, double[]> run(Operator operator) {
    Map<Buffer, Buffer> mirrors = new HashMap<>();
    Operator there = operator.with(tensor -> mirror(tensor, mirrors));
    stream.run(there);
    Map<String, double[]> results = new LinkedHashMap<>();
    for (Operator.Operand operand : operator.operands()) {
      Tensor tensor = operand.tensor();
      Tensor back = Tensor.ofHost(MemorySegment.ofArray(new byte[(int) tensor.buffer().bytes()]), DType.I8, tensor.buffer().bytes());
      stream.copy(whole(mirrors.get(tensor.buffer())), back);
      stream.synchronize();
      Tensor same = Tensor.of(back.buffer(), tensor.offset(), tensor.dtype(), tensor.shape(), tensor.strides());
      results.put(operand.name(), Elements.all(Host.buffers(), same));
    }
    mirrors.values().forEach(Buffer::close);
    return results;
  }

  /** The same view of a copy on the device. */
  Tensor mirror(Tensor tensor, Map<Buffer, Buffer> mirrors) {
    Buffer buffer = mirrors.computeIfAbsent(tensor.buffer(), host -> {
      Buffer made = backend.allocate(host.bytes());
      stream.copy(whole(host), whole(made));
      return made;
    });
    Tensor there = Tensor.of(buffer, tensor.offset(), tensor.dtype(), tensor.shape(), tensor.strides());
    return tensor.count().map(count -> there.withCount(mirror(count, mirrors))).orElse(there);
  }

  private static Tensor whole(Buffer buffer) {
    return Tensor.of(buffer, 0, DType.I8, Shape.of(buffer.bytes()));
  }

  /** The kernels that a program's steps name. */
  List<String> kernels(Program program) {
    try (var executable = backend.compile(program)) {
      return executable.explain().steps().stream().map(Explanation.Step::kernel).toList();
    }
  }

  @Override
  public void close() {
    stream.close();
    backend.close();
  }
}
