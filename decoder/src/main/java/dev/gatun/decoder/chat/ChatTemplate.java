package dev.gatun.decoder.chat;

import dev.gatun.decoder.gguf.Metadata;
import java.util.List;
import java.util.Objects;

/**
 * A conversation as the prompt that a model was trained on. The template of the file ({@code tokenizer.chat_template}, written in Jinja)
 * is recognised by what only its family writes, and the family's format is rendered here; no Jinja is interpreted, so date lines, tools
 * and other options of a template are left out. Families and where their format is published:
 *
 * <ul>
 *   <li>{@code llama2}: {@code [INST]} with {@code <<SYS>>} (Llama 2 model card; Hugging Face blog "llama2", "How to prompt")
 *   <li>{@code llama3}: headers and {@code <|eot_id|>} (Meta, "Llama 3 model cards and prompt formats")
 *   <li>{@code mistral}, in five tokenizer versions (Mistral cookbook, "Chat templates")
 *   <li>{@code chatml}: {@code <|im_start|>} (Qwen 2, Qwen 2.5 and SmolLM model cards), with the default system turn that the template
 *       spells out
 *   <li>{@code qwen3}: chatml that drops the {@code <think>} block of earlier answers (Qwen3 model card)
 *   <li>{@code zephyr}: {@code <|user|>} (zephyr-7b-beta and TinyLlama-1.1B-Chat model cards)
 * </ul>
 *
 * <p>Encode the result with {@code parseSpecial}; text of a user that spells a control token then becomes that token. Immutable.
 */
public final class ChatTemplate {
  private final String family;
  private final Dialect dialect;

  ChatTemplate(String family, Dialect dialect) {
    this.family = family;
    this.dialect = dialect;
  }

  /**
   * The template of a file. Without {@code tokenizer.chat_template} the architecture and pre-tokenizer decide, where all chat models of
   * that kind agree (Qwen 2, Qwen 3, Llama 3).
   *
   * @throws ChatException if the template is not of a family served, which the message lists, or there is none to go by
   */
  public static ChatTemplate of(Metadata metadata) {
    return TemplateRecognition.recognise(metadata);
  }

  /** The name of the family, as listed above. */
  public String family() {
    return family;
  }

  /**
   * The prompt of a conversation, without the BOS token that the tokenizer puts in front.
   *
   * @param addGenerationPrompt ends with what introduces the answer, where the family writes such a thing
   * @throws ChatException if there is no message, or a role that the family does not know
   */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    Objects.requireNonNull(messages, "messages");
    if (messages.isEmpty()) {
      throw new ChatException("a conversation needs at least one message");
    }
    return dialect.render(List.copyOf(messages), addGenerationPrompt);
  }

  @Override
  public String toString() {
    return family;
  }
}
