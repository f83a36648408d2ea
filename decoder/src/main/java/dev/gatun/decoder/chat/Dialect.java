package dev.gatun.decoder.chat;

import java.util.List;

/** How a family of models writes a conversation. */
sealed interface Dialect permits RoleHeaders, InstructionTags {

  /** The prompt of a checked, non-empty conversation, without the BOS token that the tokenizer adds. */
  String render(List<Message> messages, boolean addGenerationPrompt);
}
