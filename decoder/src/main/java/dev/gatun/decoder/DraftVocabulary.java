package dev.gatun.decoder;

import dev.gatun.decoder.tokenizer.Tokenizer;
import java.util.OptionalInt;

/** Whether a draft's tokens are the target's. */
final class DraftVocabulary {
  /** Files of one family are padded to different sizes. */
  private static final int MOST_PADDING = 256;

  private DraftVocabulary() {}

  /** @throws ModelException naming both files and the first difference */
  static void check(Model target, Model draft) {
    boolean described = has(target);
    if (described != has(draft)) {
      throw other(target, draft, (described ? "the draft" : "the target") + " has no tokenizer");
    }
    int targetSize = described ? target.tokenizer().vocabularySize() : target.dimensions().vocabulary();
    int draftSize = described ? draft.tokenizer().vocabularySize() : draft.dimensions().vocabulary();
    if (Math.abs(targetSize - draftSize) > (described ? MOST_PADDING : 0)) {
      throw other(target, draft, draftSize + " tokens against " + targetSize);
    }
    if (described) {
      compare(target, draft, Math.min(targetSize, draftSize));
    }
  }

  private static boolean has(Model model) {
    return model.gguf().metadata().keys().contains("tokenizer.ggml.model");
  }

  private static void compare(Model target, Model draft, int size) {
    Tokenizer wanted = target.tokenizer();
    Tokenizer found = draft.tokenizer();
    for (int id = 0; id < size; id++) {
      if (!wanted.piece(id).equals(found.piece(id))) {
        throw other(target, draft, "token " + id + " is '" + found.piece(id) + "' against '" + wanted.piece(id) + "'");
      }
    }
    compare(target, draft, "BOS", wanted.bos(), found.bos());
    compare(target, draft, "EOS", wanted.eos(), found.eos());
  }

  private static void compare(Model target, Model draft, String name, OptionalInt wanted, OptionalInt found) {
    if (!wanted.equals(found)) {
      throw other(target, draft, "the " + name + " tokens differ");
    }
  }

  private static ModelException other(Model target, Model draft, String difference) {
    return new ModelException(draft.gguf().file(), "can't draft for " + target.gguf().file() + ": " + difference
        + "; a draft needs the target's vocabulary");
  }
}
