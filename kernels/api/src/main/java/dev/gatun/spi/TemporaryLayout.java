package dev.gatun.spi;

import dev.gatun.Operator;
import dev.gatun.Storage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Addresses for a program's temporaries: two share memory when no stage needs both.
 *
 * @param offsets each temporary's offset in the workspace
 * @param bytes the workspace's size, a multiple of the alignment
 */
public record TemporaryLayout(Map<Storage, Long> offsets, long bytes) {
  /** Copies the map. */
  public TemporaryLayout {
    offsets = Map.copyOf(offsets);
  }

  private record Placed(long offset, long end, int last) {}

  /**
   * Places the temporaries that the operators of {@code stages} name. The operators of a stage run together, stages one after the other.
   *
   * @param elided temporaries that never reach memory
   * @param alignment what offsets are multiples of
   */
  public static TemporaryLayout of(List<? extends Collection<Operator>> stages, Set<Storage> elided, int alignment) {
    Map<Storage, int[]> lives = new LinkedHashMap<>();
    for (int stage = 0; stage < stages.size(); stage++) {
      for (Operator operator : stages.get(stage)) {
        for (Operator.Operand operand : operator.operands()) {
          Storage storage = operand.tensor().storage();
          if (storage instanceof Storage.Temporary && !elided.contains(storage)) {
            int now = stage;
            lives.computeIfAbsent(storage, s -> new int[] {now, now})[1] = stage;
          }
        }
      }
    }
    Map<Storage, Long> offsets = new HashMap<>();
    List<Placed> placed = new ArrayList<>();
    long total = 0;
    for (Map.Entry<Storage, int[]> entry : lives.entrySet()) {
      int first = entry.getValue()[0];
      long size = align(entry.getKey().bytes(), alignment);
      placed.removeIf(p -> p.last() < first);
      placed.sort((a, b) -> Long.compare(a.offset(), b.offset()));
      long at = 0;
      for (Placed p : placed) {
        if (at + size <= p.offset()) {
          break;
        }
        at = Math.max(at, p.end());
      }
      placed.add(new Placed(at, at + size, entry.getValue()[1]));
      offsets.put(entry.getKey(), at);
      total = Math.max(total, at + size);
    }
    return new TemporaryLayout(offsets, total);
  }

  private static long align(long bytes, int alignment) {
    return (bytes + alignment - 1) / alignment * alignment;
  }
}
