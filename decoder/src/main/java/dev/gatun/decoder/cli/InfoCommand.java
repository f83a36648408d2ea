package dev.gatun.decoder.cli;

import dev.gatun.GatunException;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.chat.ChatTemplate;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a GGUF file holds, whether or not it can be run. */
@Command(name = "info", description = "Show what a GGUF file holds: sizes, weight types, tokenizer, metadata.",
    footer = {"", "Example:", "  gatun info --model model.gguf --tensors"})
final class InfoCommand implements Callable<Integer> {
  private static final int LONGEST_TEXT = 100;
  private static final int LONGEST_ARRAY = 6;

  private final Terminal terminal;

  @Mixin Help help;
  @Mixin ModelFile model;

  @Option(names = "--tensors", description = "List the tensors.")
  boolean tensors;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  /** A value, or the reason why there is none. */
  private record Maybe<T>(Optional<T> value, String reason) {
    static <T> Maybe<T> of(Supplier<T> call) {
      try {
        return new Maybe<>(Optional.of(call.get()), "");
      } catch (GatunException e) {
        return new Maybe<>(Optional.empty(), Errors.oneLine(e.getMessage()));
      }
    }
  }

  /** The sizes of a family that is served, and what keeps the file from running. */
  private record Serving(Optional<Dimensions> sizes, Optional<String> problem) {}

  InfoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    try (Gguf gguf = model.open()) {
      ModelFacts facts = ModelFacts.of(gguf);
      Serving serving = serving();
      Maybe<Tokenizer> tokenizer = Maybe.of(() -> model.tokenizer(gguf));
      Maybe<String> chat = Maybe.of(() -> ChatTemplate.of(gguf.metadata()).family());
      if (json) {
        writeJson(gguf, facts, serving, tokenizer, chat);
      } else {
        print(gguf, facts, serving, tokenizer, chat);
      }
    }
    return 0;
  }

  private Serving serving() {
    try (Model opened = Model.open(model.file)) {
      return new Serving(Optional.of(opened.dimensions()), opened.problem().map(Errors::oneLine));
    } catch (GatunException e) {
      return new Serving(Optional.empty(), Optional.of(Errors.oneLine(e.getMessage())));
    }
  }

  private void print(Gguf gguf, ModelFacts facts, Serving serving, Maybe<Tokenizer> tokenizer, Maybe<String> chat) {
    line("file", gguf.file() + ", GGUF version " + gguf.version() + ", " + Units.bytes(gguf.fileBytes()));
    gguf.metadata().string("general.name").ifPresent(name -> line("name", shortened(name)));
    line("architecture", facts.architecture());
    line("served", serving.problem.map(reason -> "no: " + reason).orElse("yes"));
    line("parameters", facts.parameters() + " (" + Units.count(facts.parameters()) + ")");
    line("tensors", gguf.entries().size() + ", " + Units.bytes(facts.tensorBytes()));
    line("types", facts.mix().stream().map(share -> share.type() + " (" + share.tensors() + " tensors, " + Units.bytes(share.bytes()) + ")")
        .collect(Collectors.joining(", ")));
    serving.sizes.ifPresent(this::print);
    line("tokenizer", tokenizer.value.map(found -> describe(gguf.metadata(), found)).orElse("none served: " + tokenizer.reason));
    line("chat", chat.value.orElse("none served: " + chat.reason));
    terminal.out().println("metadata");
    Metadata metadata = gguf.metadata();
    for (String key : metadata.keys()) {
      terminal.out().println("  " + key + " (" + metadata.typeName(key).orElseThrow() + "): "
          + shortened(metadata.value(key).orElseThrow()));
    }
    if (tensors) {
      terminal.out().println("tensors, outermost dimension first");
      gguf.entries().forEach(entry -> terminal.out().println(
          "  " + entry.name() + " " + entry.type() + " " + Arrays.toString(entry.shape()) + " " + entry.bytes() + " bytes at "
              + entry.offset()));
    }
  }

  private void print(Dimensions d) {
    line("sizes", d.layers() + " layers, embedding " + d.embedding() + ", feed-forward " + d.feedForward() + ", vocabulary "
        + d.vocabulary());
    line("attention", d.heads() + " heads of " + d.keySize() + ", " + d.latent().map(InfoCommand::describe).orElse(d.kvHeads() + " for keys and values")
        + (d.window() > 0 ? ", window " + d.window() : ""));
    d.experts().ifPresent(experts -> line("experts", describe(experts)));
    line("rotation", d.rotation().map(Object::toString).orElse("none, positions are learned"));
    line("context", d.context() + " tokens, " + Units.bytes(4L * d.layers() * d.cachedElements())
        + " of f32 cache per token");
  }

  private static String describe(Dimensions.Latent latent) {
    return "keys and values made of " + latent.rank() + " elements" + (latent.queryRank() > 0 ? ", queries of " + latent.queryRank() : "");
  }

  private static String describe(Dimensions.Experts experts) {
    return experts.used() + " of " + experts.count() + " for each token, each " + experts.feedForward() + " wide"
        + (experts.shared() > 0 ? ", beside " + experts.shared() + " for all tokens" : "")
        + (experts.denseLayers() > 0 ? ", none in the first " + experts.denseLayers() + " layers" : "");
  }

  private void line(String name, String value) {
    PrintStream out = terminal.out();
    out.println(name + " ".repeat(Math.max(1, 14 - name.length())) + value);
  }

  private static String describe(Metadata metadata, Tokenizer tokenizer) {
    return metadata.string("tokenizer.ggml.model").orElse("")
        + metadata.string("tokenizer.ggml.pre").map(pre -> ", pre-tokenizer " + pre).orElse("")
        + ", " + tokenizer.vocabularySize() + " tokens, bos " + shown(tokenizer, tokenizer.bos()) + ", eos "
        + shown(tokenizer, tokenizer.eos())
        + ", ends at " + tokenizer.endOfGeneration();
  }

  private static String shown(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? id.getAsInt() + " " + tokenizer.piece(id.getAsInt()) : "none";
  }

  private static String shortened(Object value) {
    if (value instanceof List<?> list) {
      String first = list.stream().limit(LONGEST_ARRAY).map(InfoCommand::shortened).collect(Collectors.joining(", "));
      return "[" + first + (list.size() > LONGEST_ARRAY ? ", … " + list.size() + " in all]" : "]");
    }
    String text = Errors.oneLine(value.toString());
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "… " + text.length() + " characters in all";
  }

  private void writeJson(Gguf gguf, ModelFacts facts, Serving serving, Maybe<Tokenizer> tokenizer, Maybe<String> chat) {
    try (Json document = Json.indented(terminal.out())) {
      document.object().put("file", gguf.file().toString()).put("version", gguf.version()).put("file_bytes", gguf.fileBytes())
          .put("architecture", facts.architecture()).put("type", facts.type()).put("served", serving.problem.isEmpty());
      serving.problem.ifPresent(reason -> document.put("reason", reason));
      serving.sizes.ifPresent(sizes -> write(document, sizes));
      document.put("parameters", facts.parameters()).put("tensor_count", gguf.entries().size()).put("tensor_bytes", facts.tensorBytes())
          .array("types");
      for (ModelFacts.Share share : facts.mix()) {
        document.object().put("type", share.type().toString()).put("tensors", share.tensors()).put("bytes", share.bytes()).endObject();
      }
      document.endArray().object("tokenizer").put("served", tokenizer.value.isPresent());
      tokenizer.value.ifPresentOrElse(found -> {
        document.put("model", gguf.metadata().string("tokenizer.ggml.model").orElse("")).put("vocabulary", found.vocabularySize());
        found.bos().ifPresent(id -> document.put("bos", id));
        found.eos().ifPresent(id -> document.put("eos", id));
        document.put("end_of_generation", found.endOfGeneration().stream().mapToInt(Integer::intValue).toArray());
      }, () -> document.put("reason", tokenizer.reason));
      document.endObject();
      chat.value.ifPresent(family -> document.put("chat_template", family));
      writeMetadata(document, gguf.metadata());
      if (tensors) {
        writeTensors(document, gguf.entries());
      }
      document.endObject();
    }
  }

  private static void write(Json document, Dimensions d) {
    document.object("sizes").put("layers", d.layers()).put("embedding", d.embedding()).put("feed_forward", d.feedForward())
        .put("heads", d.heads()).put("kv_heads", d.kvHeads()).put("key_size", d.keySize()).put("value_size", d.valueSize())
        .put("vocabulary", d.vocabulary()).put("context", d.context()).put("window", d.window()).put("eps", d.eps())
        .put("attention_scale", d.attentionScale()).put("cached_elements", d.cachedElements());
    d.experts().ifPresent(experts -> document.object("experts").put("count", experts.count()).put("used", experts.used())
        .put("feed_forward", experts.feedForward()).put("shared", experts.shared()).put("dense_layers", experts.denseLayers()).endObject());
    d.latent().ifPresent(latent -> document.object("latent").put("query_rank", latent.queryRank()).put("rank", latent.rank()).endObject());
    document.endObject();
  }

  /** Scalars as they are; arrays as their type, length and first elements. */
  private static void writeMetadata(Json document, Metadata metadata) {
    document.object("metadata");
    for (String key : metadata.keys()) {
      Object value = metadata.value(key).orElseThrow();
      document.put(key, value instanceof List<?> ? metadata.typeName(key).orElseThrow() + " " + shortened(value) : value);
    }
    document.endObject();
  }

  private static void writeTensors(Json document, List<GgufEntry> entries) {
    document.array("tensors");
    for (GgufEntry entry : entries) {
      document.object().put("name", entry.name()).put("type", entry.type().toString()).put("shape", entry.shape())
          .put("bytes", entry.bytes())
          .put("part", entry.part()).put("offset", entry.offset()).endObject();
    }
    document.endArray();
  }
}
