package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.View.INT;

import dev.gatun.MoeRoute;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** MoeRoute: a unit is a token. Gates are computed in float64, so that equal logits have equal gates wherever in a row they stand. */
final class MoeRouteKernel implements OperatorKernel<MoeRoute> {
  private static final int FLOPS_PER_EXPERT = 8;

  @Override
  public Decision plan(MoeRoute o, Lanes lanes, int workers) {
    return Plans.refusal(o).orElseGet(() -> Plans.of(o, lanes, "tokens", workers, new Places(0, o).bytes(),
        FLOPS_PER_EXPERT * o.logits().shape().elements()));
  }

  @Override
  public List<Step> bind(MoeRoute o, Lanes lanes, Binding binding) {
    Scratch scratch = Scratch.of(binding, 0, new Places(0, o).bytes());
    MemorySegment memory = scratch.memory();
    View chosen = binding.view(o.chosen());
    return List.of(new Tokens(o, Rows.of(binding, o.logits(), o.chosen(), o.weights()), binding.view(o.logits()), o.bias().map(binding::view), chosen,
        binding.view(o.weights()), scratch, new Ranking.Heap(memory, chosen.memory()), new Ranking.Heap(memory, memory)));
  }

  /** What a worker keeps of a token, four bytes each: gates, scores, the scores of the best so far; of groups the best and which of all are chosen. */
  private record Places(long base, int experts, int groups, int bestGroups) {
    Places(long base, MoeRoute o) {
      this(base, (int) o.logits().size(1), o.options().groups(), o.options().groupsChosen());
    }

    long scores() {
      return base + 4L * experts;
    }

    long best() {
      return base + 8L * experts;
    }

    long groupScores() {
      return base + 12L * experts;
    }

    long groupIndices() {
      return groupScores() + 4L * bestGroups;
    }

    long inGroups() {
      return groupIndices() + 4L * bestGroups;
    }

    long bytes() {
      return inGroups() + 4L * groups - base;
    }
  }

  private record Tokens(MoeRoute op, Rows rows, View logits, Optional<View> bias, View chosen, View weights, Scratch scratch, Ranking.Heap heap,
      Ranking.Heap groupHeap) implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      Places places = new Places(scratch.of(worker), op);
      for (int row = from; row < to; row++) {
        token(row, places);
      }
    }

    private void token(int row, Places places) {
      MemorySegment memory = scratch.memory();
      MoeRoute.Options options = op.options();
      gates(row, places);
      long at = logits.row(row);
      MemorySegment scores = bias.isPresent() ? memory : logits.memory();
      long from = bias.isPresent() ? places.scores() : at;
      for (int e = 0; e < places.experts && bias.isPresent(); e++) {
        memory.set(FLOAT, from + 4L * e, memory.get(FLOAT, places.base + 4L * e) + bias.get().memory().get(FLOAT, bias.get().offset() + 4L * e));
      }
      if (options.groupsChosen() < options.groups()) {
        boolean sums = options.groupScore() == MoeRoute.GroupScore.TOP_TWO;
        // Two gates are added, which without a bias are not what the order is taken from.
        groups(sums && bias.isEmpty() ? memory : scores, sums && bias.isEmpty() ? places.base : from, places);
      } else {
        all(places);
      }
      int k = chosen.size(1);
      int size = places.experts / places.groups;
      long to = chosen.row(row);
      int seen = 0;
      for (int e = 0; e < places.experts; e++) {
        if (memory.get(INT, places.inGroups() + 4L * (e / size)) == 0) {
          continue;
        }
        float score = scores.get(FLOAT, from + 4L * e);
        if (seen < k) {
          heap.put(places.best(), to, seen++, score, e);
          if (seen == k) {
            heap.build(places.best(), to, k);
          }
        } else {
          heap.offer(places.best(), to, k, score, e);
        }
      }
      heap.sort(places.best(), to, k);
      weigh(row, places, k);
    }

    /** One gate an expert; where the chosen alone make the softmax, their logits. */
    private void gates(int row, Places places) {
      MemorySegment memory = scratch.memory();
      long at = logits.row(row);
      switch (op.options().gating()) {
        case SOFTMAX -> softmax(logits.memory(), at, places.base, places.experts);
        case SIGMOID -> {
          for (int e = 0; e < places.experts; e++) {
            memory.set(FLOAT, places.base + 4L * e, (float) (1 / (1 + Math.exp(-logits.memory().get(FLOAT, at + 4L * e)))));
          }
        }
        case SOFTMAX_OF_CHOSEN -> MemorySegment.copy(logits.memory(), at, memory, places.base, 4L * places.experts);
      }
    }

    private void softmax(MemorySegment x, long xo, long to, int n) {
      MemorySegment memory = scratch.memory();
      float largest = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        largest = Math.max(largest, x.get(FLOAT, xo + 4L * i));
      }
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += Math.exp((double) x.get(FLOAT, xo + 4L * i) - largest);
      }
      for (int i = 0; i < n; i++) {
        memory.set(FLOAT, to + 4L * i, (float) (Math.exp((double) x.get(FLOAT, xo + 4L * i) - largest) / sum));
      }
    }

    private void all(Places places) {
      for (int g = 0; g < places.groups; g++) {
        scratch.memory().set(INT, places.inGroups() + 4L * g, 1);
      }
    }

    /** Marks the best groups. */
    private void groups(MemorySegment scores, long from, Places places) {
      MemorySegment memory = scratch.memory();
      int size = places.experts / places.groups;
      int most = places.bestGroups;
      for (int g = 0; g < places.groups; g++) {
        float score = groupScore(scores, from + 4L * g * size, size);
        if (g < most) {
          groupHeap.put(places.groupScores(), places.groupIndices(), g, score, g);
          if (g == most - 1) {
            groupHeap.build(places.groupScores(), places.groupIndices(), most);
          }
        } else {
          groupHeap.offer(places.groupScores(), places.groupIndices(), most, score, g);
        }
        memory.set(INT, places.inGroups() + 4L * g, 0);
      }
      for (int i = 0; i < most; i++) {
        memory.set(INT, places.inGroups() + 4L * memory.get(INT, places.groupIndices() + 4L * i), 1);
      }
    }

    private float groupScore(MemorySegment scores, long from, int size) {
      float first = scores.get(FLOAT, from);
      if (op.options().groupScore() == MoeRoute.GroupScore.MAX || size == 1) {
        for (int i = 1; i < size; i++) {
          first = larger(first, scores.get(FLOAT, from + 4L * i));
        }
        return first;
      }
      float second = Float.NEGATIVE_INFINITY;
      for (int i = 1; i < size; i++) {
        float score = scores.get(FLOAT, from + 4L * i);
        second = larger(second, Ranking.key(score) > Ranking.key(first) ? first : score);
        first = larger(first, score);
      }
      return first + second;
    }

    private static float larger(float a, float b) {
      return Ranking.key(b) > Ranking.key(a) ? b : a;
    }

    private void weigh(int row, Places places, int k) {
      MemorySegment memory = scratch.memory();
      MemorySegment out = weights.memory();
      long to = weights.row(row);
      double sum = 0;
      for (int j = 0; j < k; j++) {
        float gate = memory.get(FLOAT, places.base + 4L * chosen.memory().get(INT, chosen.row(row) + 4L * j));
        memory.set(FLOAT, places.best() + 4L * j, gate);
      }
      if (op.options().gating() == MoeRoute.Gating.SOFTMAX_OF_CHOSEN) {
        softmax(memory, places.best(), places.scores(), k);
        MemorySegment.copy(memory, places.scores(), memory, places.best(), 4L * k);
      }
      for (int j = 0; j < k; j++) {
        sum += memory.get(FLOAT, places.best() + 4L * j);
      }
      double factor = op.options().scale() / (op.options().normalize() ? Math.max(sum, MoeRoute.LEAST_SUM) : 1);
      for (int j = 0; j < k; j++) {
        out.set(FLOAT, to + 4L * j, (float) (memory.get(FLOAT, places.best() + 4L * j) * factor));
      }
    }
  }
}
