package dev.gatun.tck.oracle;

import dev.gatun.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Just enough of the GGUF specification to find the tensors of a trusted file. */
final class MiniGguf {
  private static final Map<Integer, DType> TYPES = Map.ofEntries(
      Map.entry(0, DType.F32), Map.entry(1, DType.F16), Map.entry(2, DType.Q4_0), Map.entry(3, DType.Q4_1), Map.entry(6, DType.Q5_0),
      Map.entry(7, DType.Q5_1), Map.entry(8, DType.Q8_0), Map.entry(10, DType.Q2_K), Map.entry(11, DType.Q3_K), Map.entry(12, DType.Q4_K),
      Map.entry(13, DType.Q5_K), Map.entry(14, DType.Q6_K), Map.entry(20, DType.IQ4_NL), Map.entry(30, DType.BF16));
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  record Entry(DType type, long elements, MemorySegment data) {
    double[] values() {
      return Formats.decode(type, data, 0, elements);
    }
  }

  private record Info(String name, DType type, long elements, long offset) {}

  private final MemorySegment file;
  private long at = 8;

  private MiniGguf(MemorySegment file) {
    this.file = file;
  }

  static Map<String, Entry> tensors(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path)) {
      return new MiniGguf(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto())).read();
    }
  }

  private Map<String, Entry> read() {
    long tensors = word();
    long pairs = word();
    int alignment = 32;
    for (long i = 0; i < pairs; i++) {
      String key = string();
      int type = number();
      if (key.equals("general.alignment")) {
        alignment = file.get(Bits.INT, at);
      }
      skip(type);
    }
    Info[] infos = new Info[(int) tensors];
    for (int t = 0; t < infos.length; t++) {
      String name = string();
      long elements = 1;
      for (int dimensions = number(); dimensions > 0; dimensions--) {
        elements *= word();
      }
      infos[t] = new Info(name, TYPES.get(number()), elements, word());
    }
    long data = (at + alignment - 1) / alignment * alignment;
    Map<String, Entry> found = new LinkedHashMap<>();
    for (Info info : infos) {
      MemorySegment bytes = file.asSlice(data + info.offset, info.type.bytes(info.elements));
      found.put(info.name, new Entry(info.type, info.elements, bytes));
    }
    return found;
  }

  private void skip(int type) {
    if (type == 8) {
      string();
    } else if (type == 9) {
      int element = number();
      for (long left = word(); left > 0; left--) {
        skip(element);
      }
    } else {
      at += SIZES[type];
    }
  }

  private int number() {
    at += 4;
    return file.get(Bits.INT, at - 4);
  }

  private long word() {
    return Integer.toUnsignedLong(number()) | (long) number() << 32;
  }

  private String string() {
    int length = (int) word();
    at += length;
    return new String(file.asSlice(at - length, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
