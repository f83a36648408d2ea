package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a model that is split, found from any one of them: names end in {@code -00001-of-00003.gguf}, the keys
 * {@code split.no}, {@code split.count} and {@code split.tensors.count} say what belongs together (llama.cpp's {@code gguf-split}).
 */
final class SplitModel {
  private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);
  private static final int MOST_PARTS = 99_999;

  private SplitModel() {}

  /** All parts in order; just the one where the model isn't split. */
  static List<GgufPart> open(Path file, Arena arena) {
    GgufPart given = GgufPart.open(file, 0, arena);
    long count = given.metadata().integer("split.count").orElse(1);
    if (count == 0 || count == 1) {
      return List.of(given);
    }
    if (count < 0 || count > MOST_PARTS) {
      throw new GgufException(file, "split.count is " + count + "; 1 to " + MOST_PARTS + " are valid");
    }
    Matcher name = NAME.matcher(file.getFileName().toString());
    if (!name.matches() || Integer.parseInt(name.group(3)) != count) {
      throw new GgufException(file, String.format("is one of %d parts of a split model, so its name must end in -NNNNN-of-%05d.gguf"
          + " for the others to be found", count, count));
    }
    List<GgufPart> parts = new ArrayList<>();
    for (int no = 0; no < count; no++) {
      Path sibling = file.resolveSibling(String.format("%s-%05d-of-%05d.gguf", name.group(1), no + 1, count));
      GgufPart part = GgufPart.open(sibling, no, arena);
      check(part, no, count);
      parts.add(part);
    }
    rejectMixedUp(file, parts);
    return parts;
  }

  private static void check(GgufPart part, int no, long count) {
    OptionalLong foundNo = part.metadata().integer("split.no");
    OptionalLong foundCount = part.metadata().integer("split.count");
    if (foundNo.isEmpty() || foundCount.isEmpty() || foundNo.getAsLong() != no || foundCount.getAsLong() != count) {
      throw new GgufException(part.file(), "is named as part " + (no + 1) + " of " + count + ", but its split.no is "
          + shown(foundNo) + " and its split.count is " + shown(foundCount));
    }
  }

  private static void rejectMixedUp(Path file, List<GgufPart> parts) {
    Set<String> names = new HashSet<>();
    for (GgufPart part : parts) {
      for (GgufEntry entry : part.entries()) {
        if (!names.add(entry.name())) {
          throw new GgufException(part.file(), "tensor " + quoted(entry.name()) + " occurs in an earlier part of the split model too");
        }
      }
    }
    OptionalLong expected = parts.getFirst().metadata().integer("split.tensors.count");
    if (expected.isPresent() && expected.getAsLong() != names.size()) {
      throw new GgufException(file, "split.tensors.count is " + expected.getAsLong() + ", but the " + parts.size() + " parts hold "
          + names.size() + " tensors");
    }
  }

  private static String shown(OptionalLong value) {
    return value.isPresent() ? Long.toString(value.getAsLong()) : "missing";
  }
}
