package dev.gatun.decoder.cli;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Text to token ids; needs the file's metadata only, and opens no backend. */
@Command(name = "tokenize", description = "Show the token ids of a text, and the vocabulary's entry of each.",
    footer = {"", "Example:", "  gatun tokenize --model model.gguf --text 'Once upon a time' --json"})
final class TokenizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin Help help;
  @Mixin ModelFile model;

  @ArgGroup(multiplicity = "1")
  Text text;

  @Option(names = "--no-special", description = "Do not add the tokens that begin and end a sequence.")
  boolean noSpecial;

  @Option(names = "--no-parse-special", description = "Take control tokens spelled in the text as plain text.")
  boolean noParseSpecial;

  @Option(names = "--json", description = "Print {\"ids\":[...],\"pieces\":[...]}.")
  boolean json;

  static final class Text {
    @Option(names = "--text", paramLabel = "TEXT", required = true, description = "The text; - reads standard input.")
    String argument;

    @Option(names = "--file", paramLabel = "FILE", required = true, converter = FileName.class,
        description = "A UTF-8 file that holds the text.")
    Path file;
  }

  TokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    int[] ids;
    Tokenizer tokenizer;
    try (Gguf gguf = model.open()) {
      tokenizer = model.tokenizer(gguf);
    }
    String source = text.file != null ? Source.file(text.file) : Source.argument(text.argument, terminal);
    ids = model.naming(() -> tokenizer.encode(source, !noSpecial, !noParseSpecial));
    List<String> pieces = Arrays.stream(ids).mapToObj(tokenizer::piece).toList();
    if (json) {
      try (Json document = Json.compact(terminal.out())) {
        document.object().put("ids", ids).put("pieces", pieces).endObject();
      }
    } else {
      for (int i = 0; i < ids.length; i++) {
        terminal.out().println(ids[i] + "\t" + pieces.get(i).replace("\n", "\\n").replace("\r", "\\r"));
      }
    }
    return 0;
  }
}
