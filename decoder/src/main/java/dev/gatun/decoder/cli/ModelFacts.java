package dev.gatun.decoder.cli;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import dev.gatun.decoder.gguf.GgufType;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a file's header says about its size.
 *
 * @param architecture {@code general.architecture}, or {@code unknown}
 * @param parameters elements of all tensors
 * @param tensorBytes bytes of all tensors
 * @param mix for each element type its tensors and their bytes, the most bytes first
 */
record ModelFacts(String architecture, long parameters, long tensorBytes, List<Share> mix) {
  /** How much of a file is of one type. */
  record Share(GgufType type, int tensors, long bytes) {}

  static ModelFacts of(Gguf gguf) {
    long parameters = 0;
    long bytes = 0;
    Map<GgufType, Share> shares = new EnumMap<>(GgufType.class);
    for (GgufEntry entry : gguf.entries()) {
      parameters += elements(entry);
      bytes += entry.bytes();
      shares.merge(entry.type(), new Share(entry.type(), 1, entry.bytes()),
          (a, b) -> new Share(a.type, a.tensors + b.tensors, a.bytes + b.bytes));
    }
    List<Share> mix = shares.values().stream().sorted(Comparator.comparingLong(Share::bytes).reversed()).toList();
    return new ModelFacts(gguf.metadata().string("general.architecture").orElse("unknown"), parameters, bytes, mix);
  }

  static long elements(GgufEntry entry) {
    long elements = 1;
    for (long size : entry.shape()) {
      elements *= size;
    }
    return elements;
  }

  /** In the manner of llama.cpp: family, parameters, main type. */
  String type() {
    return architecture + " " + Units.count(parameters) + (mix.isEmpty() ? "" : " " + mix.getFirst().type());
  }
}
