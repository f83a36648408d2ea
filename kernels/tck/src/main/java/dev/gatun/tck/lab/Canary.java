package dev.gatun.tck.lab;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Memory next to what a backend takes for itself, as far as its allocator puts it there. It is full of a pattern, and no operand is in it. */
final class Canary implements AutoCloseable {
  private static final int BYTES = 4096;

  private final Workbench bench;
  private final Buffer buffer;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment pattern = arena.allocate(BYTES);
  private final String when;

  /** @param when where it stands, for messages: before or after something */
  Canary(Workbench bench, String when) {
    this.bench = bench;
    this.when = when;
    for (int i = 0; i < BYTES; i++) {
      pattern.set(ValueLayout.JAVA_BYTE, i, (byte) (31 * i + 7 * when.length() + 1));
    }
    this.buffer = bench.backend().allocate(BYTES);
    bench.stream().copy(whole(Buffer.ofHost(pattern)), whole(buffer));
    bench.stream().synchronize();
  }

  /** @throws CheckException if a byte has changed */
  void check(Findings findings) {
    MemorySegment now = arena.allocate(BYTES);
    bench.stream().copy(whole(buffer), whole(Buffer.ofHost(now)));
    bench.stream().synchronize();
    long at = now.mismatch(pattern);
    findings.check("workspace", at < 0, () -> "memory allocated " + when + " the program was compiled, which no operand is in, changed at its byte " + at);
  }

  private static Tensor whole(Buffer buffer) {
    return Tensor.of(buffer, 0, DType.I8, Shape.of(buffer.bytes()));
  }

  @Override
  public void close() {
    buffer.close();
    arena.close();
  }
}
