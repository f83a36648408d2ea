package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.ShapeException;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.UnservedException;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What becomes of sequences in a {@link KvCache} over their lives, seen through attentions compiled before: whoever reads pages that are
 * another's, or were, or
 * writes a page that is shared, or keeps a block table of its own, is found out.
 */
final class KvCacheFamily implements Family {
  /** What happens. */
  enum Story {
    /** Sequences grow token by token over several pages. */
    GROW,
    /** A copy and its original go different ways from within a page. */
    FORK,
    /** Copies of copies, each of which writes over what it shares. */
    FORKS,
    /** A sequence is cut within a page and goes on otherwise. */
    TRUNCATE,
    /** New sequences take the slot and the pages of ended ones, whose keys would outweigh theirs. */
    REUSE,
    /** An append comes after its sequence has ended, or was cut: it is dropped, for its pages are another's now. */
    LATE,
    /** Pages lie in another order than the positions. */
    SHUFFLE,
    /** Free pages are poisoned under sequences that live. */
    POISON,
    /** There is no page left: nothing changes, and after a release all goes on. */
    FULL,
    /** Whatever comes, at random. */
    MANY
  }

  private static final int SLOTS = 5;
  private static final int MANY_STEPS = 40;

  private final Signature signature = new Signature("kv_cache").with("story", Story.GROW).with("k", "f32").with("heads", 1).with("size", 16)
      .with("vsize", Values.NONE).with("page", 4).with("layers", 1).with("round", 0);

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Group group() {
    return Group.ATTENTION;
  }

  @Override
  public String column(Values values) {
    return values.text("k");
  }

  @Override
  public void list(Listing listing) {
    for (Story story : Story.values()) {
      for (DType k : AttentionListing.KEPT) {
        for (int page : new int[] {1, 4, 12}) {
          listing.add(k == DType.F32 && page == 4 || k == DType.F16 && page == 12 ? Level.QUICK : page == 12 && k != DType.F32
              ? Level.FULL : Level.STANDARD,
              signature.of("story", story, "k", k.label(), "page", page, "size", k.blockSize() == 1 ? 24 : 32));
        }
        listing.add(k == DType.F16 || k == DType.Q8_0 ? Level.STANDARD : Level.FULL,
            signature.of("story", story, "k", k.label(), "page", 16, "heads", 2, "size", 64, "layers", 2));
      }
      listing.add(Level.STANDARD, signature.of("story", story, "page", 3, "size", 24, "vsize", 10, "layers", 2));
    }
    for (int round = 1; round <= 20; round++) {
      listing.add(round <= 2 ? Level.STANDARD : Level.FULL, signature.of("story", Story.MANY, "k", round % 2 == 0 ? "f32" : "f16", "page",
          1 + round % 5, "round",
          round));
    }
  }

  @Override
  public void examine(Values values, Workbench bench, Findings findings) {
    KvCache.Spec spec = spec(values);
    try {
      CacheStage stage = new CacheStage(bench, findings, spec, values.seed("stage"));
      if (stage.isServed()) {
        stage.look("an empty cache");
        tell(values, stage);
        List.copyOf(stage.lengths().keySet()).forEach(stage::release);
        stage.free(spec.pages(), "every sequence released");
      }
    } catch (UnservedException e) {
      findings.unsupported(e.getMessage());
    }
  }

  private static KvCache.Spec spec(Values values) {
    int page = values.size("page");
    int size = values.size("size");
    try {
      return new KvCache.Spec(values.size("layers"), values.size("heads"), size, values.optional("vsize").orElse(size), values.dtype("k"),
          page, 16, SLOTS, Math.multiplyExact(9, page) + page / 2);
    } catch (ShapeException | ArithmeticException e) {
      throw new CaseException(values.test() + " makes no case: " + e.getMessage());
    }
  }

  private static void tell(Values values, CacheStage stage) {
    switch (values.choice("story", Story.class)) {
      case GROW -> grow(stage);
      case FORK -> fork(stage);
      case FORKS -> forks(stage);
      case TRUNCATE -> truncate(stage);
      case REUSE -> reuse(stage);
      case LATE -> late(stage);
      case SHUFFLE -> shuffle(stage);
      case POISON -> poison(stage);
      case FULL -> full(stage);
      case MANY -> many(stage, new SplittableRandom(values.seed("many")));
    }
  }

  private static void grow(CacheStage stage) {
    int first = stage.open(1);
    int second = stage.open(stage.page());
    for (int step = 0; step < Math.min(9, 2 * stage.page() + 1); step++) {
      stage.grow(first, 1);
      stage.grow(second, 1 + step % 2);
      stage.look("step " + step);
    }
  }

  private static void fork(CacheStage stage) {
    int page = stage.page();
    int original = stage.open(2 * page + page / 2);
    int free = stage.cache().freePages();
    int copy = stage.fork(original);
    stage.free(free, "a fork takes no page");
    stage.look("just forked");
    stage.grow(copy, 1);
    stage.free(free - 1, "the copy took one page, for what it writes");
    stage.look("the copy has written");
    stage.grow(original, 2);
    stage.look("the original has written");
    stage.release(original);
    stage.look("the original has ended");
    stage.open(2 * page);
    stage.look("another took its pages");
  }

  private static void forks(CacheStage stage) {
    int page = stage.page();
    int first = stage.open(page + 1);
    int second = stage.fork(first);
    int third = stage.fork(second);
    stage.look("two copies");
    // Over positions that are shared, in the middle and at the start: each sequence keeps its own.
    stage.reserve(second, 0, 1);
    stage.write(second, 0, 1, true);
    stage.look("the first copy has written its start");
    stage.reserve(third, page, page + 1);
    stage.write(third, page, 1, false);
    stage.look("the second copy has written its end");
    int fourth = stage.fork(third);
    stage.reserve(first, 0, page + 1);
    stage.write(first, 0, page + 1, false);
    stage.grow(fourth, page);
    stage.look("all have written");
    stage.truncate(second, 1);
    stage.release(third);
    stage.grow(second, page);
    stage.look("some have ended");
  }

  private static void truncate(CacheStage stage) {
    int page = stage.page();
    int slot = stage.open(2 * page);
    stage.growLoud(slot, page);
    int other = stage.open(page + 1);
    int free = stage.cache().freePages();
    stage.truncate(slot, page + 1);
    stage.free(free + 3 - Math.ceilDiv(page + 1, page), "one page was of forgotten positions alone");
    stage.look("cut");
    stage.grow(other, page);
    stage.grow(slot, 1);
    stage.look("both go on");
    int copy = stage.fork(slot);
    stage.truncate(slot, 1);
    stage.grow(slot, page);
    stage.look("cut beside a copy");
    stage.truncate(copy, 0);
    stage.grow(copy, 2);
    stage.look("cut to nothing");
  }

  private static void reuse(CacheStage stage) {
    int page = stage.page();
    for (boolean poisoned : new boolean[] {false, true}) {
      int slot = stage.open();
      stage.growLoud(slot, 3 * page);
      int other = stage.open();
      stage.growLoud(other, 4 * page);
      stage.release(slot);
      if (poisoned) {
        stage.poison();
      }
      // As many as use every page once, each ending within one.
      int next = stage.open(page / 2 + 1);
      int last = stage.open(2 * page + 1);
      stage.reserve(next, 0, 2 * page);
      stage.release(other);
      stage.look(poisoned ? "over poison" : "over what ended sequences left");
      stage.grow(next, page);
      stage.look("grown over it");
      stage.release(next);
      stage.release(last);
    }
  }

  private static void late(CacheStage stage) {
    int page = stage.page();
    int first = stage.open(7 * page);
    int ended = stage.open(3 * page);
    int cut = stage.open(6 * page);
    stage.release(ended);
    stage.grow(first, 2 * page);
    stage.grow(cut, page);
    stage.free(0, "every page is taken");
    stage.write(ended, 0, 3 * page, true);
    stage.look("after an append to a sequence that has ended");
    stage.truncate(cut, page);
    stage.open(6 * page);
    stage.free(0, "every page is taken again");
    stage.write(cut, page, 6 * page, true);
    stage.look("after an append past where a sequence was cut");
  }

  private static void shuffle(CacheStage stage) {
    int page = stage.page();
    int first = stage.open(page);
    int second = stage.open(2 * page);
    int third = stage.open(1);
    stage.release(second);
    stage.grow(third, 2 * page);
    stage.grow(first, page);
    second = stage.open(3 * page);
    stage.grow(third, page);
    stage.look("pages among one another's");
    stage.truncate(third, 1);
    stage.release(first);
    stage.grow(second, 2 * page);
    stage.grow(third, 2 * page + 1);
    stage.look("and again");
  }

  private static void poison(CacheStage stage) {
    int page = stage.page();
    int slot = stage.open(page + 1);
    int ended = stage.open(page);
    int copy = stage.fork(slot);
    stage.release(ended);
    stage.poison();
    stage.look("free pages poisoned");
    stage.grow(copy, page);
    stage.reserve(slot, page + 1, 3 * page);
    stage.look("poisoned pages taken");
  }

  private static void full(CacheStage stage) {
    int page = stage.page();
    int first = stage.open(7 * page);
    int second = stage.open(6 * page);
    int third = stage.open(2 * page);
    refuses(() -> stage.reserve(third, 2 * page, 4 * page + 1), "more pages than are free");
    stage.free(1, "a reservation that was refused");
    refuses(() -> stage.reserve(first, 0, 9 * page + page / 2 + 1), "more positions than a slot has");
    stage.look("after refusals");
    int copy = stage.fork(first);
    stage.grow(third, page);
    refuses(() -> stage.reserve(copy, 0, 1), "a page to copy to, with none free");
    stage.look("no page free");
    stage.release(second);
    stage.grow(copy, 1);
    stage.reserve(copy, 0, 1);
    stage.write(copy, 0, 1, false);
    stage.look("pages are free again");
  }

  private static void refuses(Runnable call, String what) {
    try {
      call.run();
    } catch (GatunException e) {
      return;
    }
    throw new CheckException("pages", what + ": nothing was thrown");
  }

  private static void many(CacheStage stage, SplittableRandom random) {
    int page = stage.page();
    for (int step = 0; step < MANY_STEPS; step++) {
      List<Integer> slots = new ArrayList<>(stage.lengths().keySet());
      int slot = slots.isEmpty() ? -1 : slots.get(random.nextInt(slots.size()));
      int most = slot < 0 ? 0 : Math.min(9 * page + page / 2 - stage.lengths().get(slot), (stage.cache().freePages() - 1) * page - page);
      switch (random.nextInt(8)) {
        case 0, 1 -> {
          if (slots.size() < SLOTS) {
            stage.open();
          }
        }
        case 2 -> {
          if (slot >= 0 && slots.size() < SLOTS) {
            stage.fork(slot);
          }
        }
        case 3 -> {
          if (slot >= 0) {
            stage.truncate(slot, random.nextInt(stage.lengths().get(slot) + 1));
          }
        }
        case 4 -> {
          if (slot >= 0 && random.nextBoolean()) {
            stage.release(slot);
          } else if (random.nextBoolean()) {
            stage.poison();
          }
        }
        default -> {
          if (most > 0) {
            stage.grow(slot, 1 + random.nextInt(Math.min(most, page + 1)));
          }
        }
      }
      if (step % 6 == 5) {
        stage.look("step " + step);
      }
    }
  }
}
