package dev.gatun.decoder.tokenizer;

import java.util.List;
import java.util.stream.Stream;

/** Tokens whose role follows from their text, because files do not reliably say it; the names are llama.cpp's. */
final class WellKnownTokens {
  /** Generation stops at these. */
  static final List<String> END_OF_GENERATION = List.of(
      "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>",
      "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
      "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
      "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
      "<|flush|>", "<|calls|>", "<turn|>", "<|tool_response>", "[e~[");

  /** These are control tokens whatever type the file gives them. */
  static final List<String> CONTROL = Stream.concat(END_OF_GENERATION.stream(), Stream.of(
      "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<\uFF5Cfim\u2581begin\uFF5C>", "<PRE>", "\u2581<PRE>", "<|code_prefix|>", "<|prefix|>",
      "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<\uFF5Cfim\u2581hole\uFF5C>", "<SUF>", "\u2581<SUF>", "<|code_suffix|>", "<|suffix|>",
      "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<\uFF5Cfim\u2581end\uFF5C>", "<MID>", "\u2581<MID>", "<|code_middle|>", "<|middle|>")).toList();

  /** These are part of the text that is shown, whatever type the file gives them (the harmony format). */
  static final List<String> USER_DEFINED = List.of("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>");

  private WellKnownTokens() {}
}
