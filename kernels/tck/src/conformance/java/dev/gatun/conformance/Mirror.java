package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The areas of a test as an engine sees them: where they lie, or for a mirrored engine as buffers of the backend's own, of the same bytes,
 * guards included, that only copies reach. Closing it frees the buffers.
 */
final class Mirror implements AutoCloseable {
  private final Areas areas;
  private final Engine engine;
  private final List<Buffer> buffers = new ArrayList<>();

  Mirror(Areas areas, Engine engine) {
    this.areas = areas;
    this.engine = engine;
  }

  /** Runs an operator over host tensors: all memory goes to the device before and comes back after. */
  void run(Operator operator) {
    Operator mapped = over(operator);
    checkReach(mapped);
    upload();
    engine.stream().run(mapped);
    download();
  }

  /** Compiles a program over the device's tensors. */
  Executable compile(Program program) {
    program.operators().forEach(this::checkReach);
    return engine.backend().compile(program);
  }

  /** Submits a program over the device's tensors: all memory goes to the device before and comes back after. */
  void submit(Executable executable) {
    upload();
    engine.stream().submit(executable);
    download();
  }

  /** Host memory that slips through shows on backends that could use it too. */
  private void checkReach(Operator operator) {
    if (engine.mirrored()) {
      operator.operands().stream().map(Operator.Operand::tensor).flatMap(t -> Stream.concat(Stream.of(t), t.count().stream()))
          .map(Tensor::storage).filter(Buffer.class::isInstance).map(Buffer.class::cast)
          .forEach(buffer -> assertThat(buffer.backend()).as("%s: %s over device memory only", engine, operator.toCase()).isPresent());
    }
  }

  /** The operator over the device's tensors. */
  Operator over(Operator operator) {
    return engine.mirrored() ? operator.with(this::view) : operator;
  }

  /** The device's tensor for one of an area; what is not in an area, as a prepared weight, stays. */
  Tensor view(Tensor tensor) {
    int area = engine.mirrored() ? areas.indexOf(tensor.buffer()) : Areas.NONE;
    if (area == Areas.NONE) {
      return tensor;
    }
    Tensor view = Tensor.of(buffer(area), tensor.offset(), tensor.dtype(), tensor.shape(), tensor.strides());
    return tensor.count().map(count -> view.withCount(view(count))).orElse(view);
  }

  /** Makes the device's memory the host's. */
  void upload() {
    for (int i = 0; engine.mirrored() && i < areas.count(); i++) {
      engine.stream().copy(bytes(areas.buffer(i)), bytes(buffer(i)));
    }
  }

  /** Waits for the stream, and makes the host's memory the device's. */
  void download() {
    for (int i = 0; engine.mirrored() && i < buffers.size(); i++) {
      engine.stream().copy(bytes(buffers.get(i)), bytes(areas.buffer(i)));
    }
    engine.stream().synchronize();
  }

  private Buffer buffer(int area) {
    Backend backend = engine.backend();
    while (buffers.size() <= area) {
      buffers.add(backend.allocate(areas.buffer(buffers.size()).bytes()));
    }
    return buffers.get(area);
  }

  private static Tensor bytes(Buffer buffer) {
    return Tensor.of(buffer, 0, DType.I8, Shape.of(buffer.bytes()));
  }

  @Override
  public void close() {
    buffers.forEach(Buffer::close);
  }
}
