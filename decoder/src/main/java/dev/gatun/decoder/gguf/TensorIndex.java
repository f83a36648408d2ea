package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads one file's list of tensors and checks that each lies inside the file, aligned, apart from the others. */
final class TensorIndex {
  /** Above any real model; the largest mixture-of-experts files have some thousands. */
  static final int MOST_TENSORS = 1 << 20;

  /** Name length, dimension count, one dimension, type, offset. */
  static final int LEAST_BYTES = 8 + 4 + 8 + 4 + 8;

  static final int MOST_DIMENSIONS = 4;

  private static final int LONGEST_NAME = 65535;

  private final GgufCursor in;
  private final int part;
  private final long alignment;

  TensorIndex(GgufCursor in, int part, long alignment) {
    this.in = in;
    this.part = part;
    this.alignment = alignment;
  }

  List<GgufEntry> read(int count, long fileBytes) {
    Set<String> names = new HashSet<>();
    List<GgufEntry> relative = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      GgufEntry entry = entry(i);
      if (!names.add(entry.name())) {
        throw in.error("tensor " + quoted(entry.name()) + " occurs twice");
      }
      relative.add(entry);
    }
    long padding = -in.at() & alignment - 1;
    long start = in.at() + padding;
    List<GgufEntry> placed = new ArrayList<>(count);
    for (GgufEntry entry : relative) {
      placed.add(place(entry, start, fileBytes));
    }
    rejectOverlap(placed);
    return placed;
  }

  private GgufEntry entry(int index) {
    String name = in.text("the name of tensor " + index, LONGEST_NAME);
    String what = "tensor " + quoted(name);
    int dimensions = in.i32(what);
    if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
      throw in.error(what + " has " + Integer.toUnsignedString(dimensions) + " dimensions; 1 to " + MOST_DIMENSIONS + " are valid");
    }
    long[] shape = new long[dimensions];
    long elements = 1;
    for (int d = dimensions - 1; d >= 0; d--) {
      shape[d] = in.i64(what);
      if (shape[d] <= 0) {
        throw in.error(what + " has a dimension of " + Long.toUnsignedString(shape[d]) + " elements");
      }
      if (elements > Long.MAX_VALUE / shape[d]) {
        throw in.error(what + " has more elements than a 64-bit integer counts");
      }
      elements *= shape[d];
    }
    int id = in.i32(what);
    GgufType type = GgufType.ofId(id).orElseThrow(() -> in.error(what + " has the unknown type id " + Integer.toUnsignedString(id)));
    long row = shape[dimensions - 1];
    if (row % type.blockSize() != 0) {
      throw in.error(what + " of type " + type + " has rows of " + row + " elements, no multiple of its block of " + type.blockSize());
    }
    long blocks = elements / type.blockSize();
    if (blocks > Long.MAX_VALUE / type.blockBytes()) {
      throw in.error(what + " of shape " + Arrays.toString(shape) + " has more bytes than a 64-bit integer counts");
    }
    return new GgufEntry(name, type, shape, part, in.i64(what), blocks * type.blockBytes());
  }

  private GgufEntry place(GgufEntry entry, long start, long fileBytes) {
    String what = "tensor " + quoted(entry.name());
    long offset = entry.offset();
    if ((offset & alignment - 1) != 0) {
      throw in.error(what + " lies at data offset " + Long.toUnsignedString(offset) + ", no multiple of the alignment " + alignment);
    }
    if (offset < 0 || start > fileBytes || offset > fileBytes - start || entry.bytes() > fileBytes - start - offset) {
      throw in.error(what + " of " + entry.bytes() + " bytes at data offset " + Long.toUnsignedString(offset)
          + " lies past the end of the file (" + fileBytes + " bytes, data from " + start + "): truncated or damaged");
    }
    return new GgufEntry(entry.name(), entry.type(), entry.shape(), part, start + offset, entry.bytes());
  }

  private void rejectOverlap(List<GgufEntry> entries) {
    List<GgufEntry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(GgufEntry::offset));
    for (int i = 1; i < sorted.size(); i++) {
      GgufEntry before = sorted.get(i - 1);
      GgufEntry after = sorted.get(i);
      if (before.offset() + before.bytes() > after.offset()) {
        throw in.error("tensors " + quoted(before.name()) + " and " + quoted(after.name()) + " overlap at byte " + after.offset());
      }
    }
  }
}
