package dev.gatun.cpu;

import dev.gatun.Operator;
import dev.gatun.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Addresses for a program's temporaries: two share memory when no stage needs both.
 *
 * @param offsets each temporary's offset in the workspace
 * @param bytes the workspace's size
 */
record WorkspaceLayout(Map<Storage, Long> offsets, long bytes) {
  private record Placed(long offset, long end, int last) {}

  static WorkspaceLayout of(List<Fusion.Group> groups) {
    Map<Storage, int[]> lives = new LinkedHashMap<>();
    for (int stage = 0; stage < groups.size(); stage++) {
      Fusion.Group group = groups.get(stage);
      for (Operator operator : group.operators()) {
        for (Operator.Operand operand : operator.operands()) {
          Storage storage = operand.tensor().storage();
          if (storage instanceof Storage.Temporary && !group.elided().contains(storage)) {
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
      long size = align(entry.getKey().bytes());
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
    return new WorkspaceLayout(offsets, total);
  }

  static long align(long bytes) {
    return (bytes + CpuMemory.ALIGNMENT - 1) / CpuMemory.ALIGNMENT * CpuMemory.ALIGNMENT;
  }
}
