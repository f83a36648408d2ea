package dev.gatun.cpu.library;

import dev.gatun.DType;
import dev.gatun.cpu.op.TileAttention;
import java.lang.foreign.MemorySegment;

/** A tile of an attention by a kernel in C; as with {@link NativeKernel}, all that it reads and writes is checked to be there first. */
final class NativeAttention implements TileAttention {
  private final NativeLibrary library;
  private final NativeLevel level;
  private final DType type;
  private final int number;

  NativeAttention(NativeLibrary library, NativeLevel level, DType type, int number) {
    this.library = library;
    this.level = level;
    this.type = type;
    this.number = number;
  }

  @Override
  public String label() {
    return level.label();
  }

  @Override
  public long workBytes(int keySize, int valueSize, int tokens, int group) {
    return library.attendBytes(keySize, valueSize, group);
  }

  @Override
  public void attend(MemorySegment q, long qOffset, long qTokenBytes, long qHeadBytes, int tokens, int group, MemorySegment keys, long keyOffset,
      long keyStride, int keySize, MemorySegment values, long valueOffset, long valueStride, int valueSize, int count, float scale, MemorySegment scratch,
      long base, long state, long sums, long sumsRowBytes, long bounds, long work) {
    if (tokens <= 0 || count <= 0) {
      return;
    }
    int rows = Math.multiplyExact(tokens, group);
    check("q", q, qOffset, (tokens - 1) * qTokenBytes + (group - 1) * qHeadBytes + 4L * keySize, qTokenBytes, qHeadBytes);
    check("keys", keys, keyOffset, (count - 1) * keyStride + type.bytes(keySize), keyStride, 0);
    check("values", values, valueOffset, (count - 1) * valueStride + type.bytes(valueSize), valueStride, 0);
    check("state", scratch, base + state, 8L * rows, base, state);
    check("sums", scratch, base + sums, (rows - 1) * sumsRowBytes + 4L * valueSize, sumsRowBytes, sums);
    check("bounds", scratch, base + bounds, 8L * tokens, bounds, 0);
    check("work", scratch, base + work, workBytes(keySize, valueSize, tokens, group), work, 0);
    try {
      Calls.ATTEND.invokeExact(library.attend(), level.number(), number, q, qOffset, qTokenBytes, qHeadBytes, tokens, group, keys, keyOffset, keyStride,
          keySize, values, valueOffset, valueStride, valueSize, count, scale, scratch, base, state, sums, sumsRowBytes, bounds, work);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  /** {@code bytes} from {@code offset} on lie in memory that C may have, and neither of what they were made of is negative. */
  private void check(String name, MemorySegment memory, long offset, long bytes, long part, long other) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("attention_" + type.label() + "_" + label() + ": " + name
          + " lies in a Java array; C kernels take memory of an Arena");
    }
    if ((offset | bytes | part | other) < 0 || bytes > memory.byteSize() - offset) {
      throw new IndexOutOfBoundsException("attention_" + type.label() + "_" + label() + ": " + bytes + " bytes of " + name + " from byte " + offset
          + " on do not lie in its " + memory.byteSize() + " bytes");
    }
  }
}
