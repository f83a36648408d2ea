package dev.gatun.decoder.cli;

import dev.gatun.GatunException;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.chat.ChatException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.tokenizer.Tokenizer;
import dev.gatun.decoder.tokenizer.TokenizerException;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** The option that names a model file. */
final class ModelFile {
  @Option(names = {"-m", "--model"}, required = true, paramLabel = "FILE", converter = FileName.class,
      description = "A GGUF file; any part of a split one.")
  Path file;

  Gguf open() {
    return Gguf.open(file);
  }

  /** The file's tokenizer. @throws GatunException naming the file, if it has none or one that is not served */
  Tokenizer tokenizer(Gguf gguf) {
    return naming(() -> Tokenizer.of(gguf.metadata()));
  }

  /** Errors of tokenizers and templates do not know which file they are about; this names it. */
  <T> T naming(Supplier<T> call) {
    return naming(file, call);
  }

  static <T> T naming(Path file, Supplier<T> call) {
    try {
      return call.get();
    } catch (TokenizerException | ChatException e) {
      throw new ModelException(file, withoutFile(file, e));
    }
  }

  private static String withoutFile(Path file, GatunException e) {
    String message = e.getMessage();
    String prefix = file + ": ";
    int at = message.indexOf(prefix);
    return at < 0 ? message : message.substring(0, at) + message.substring(at + prefix.length());
  }
}
