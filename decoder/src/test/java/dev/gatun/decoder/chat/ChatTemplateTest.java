package dev.gatun.decoder.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.decoder.tokenizer.MetadataFile;
import dev.gatun.decoder.tokenizer.SharedData;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Renderings against the examples that the model publishers print. */
class ChatTemplateTest {
  private static final Message SYSTEM = new Message("system", "You are a helpful assistant.");
  private static final List<Message> EXCHANGE =
      List.of(new Message("user", "Hello"), new Message("assistant", "Hi there"), new Message("user", "How are you?"));

  @Test
  void llama2WritesTheSystemTurnInsideTheFirstInstruction() {
    ChatTemplate template = template("{% if '<<SYS>>' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{{ eos_token }}");
    assertThat(template.family()).isEqualTo("llama2");
    assertThat(template.render(List.of(SYSTEM, new Message("user", " There's a llama in my garden ")), true)).isEqualTo(
        "[INST] <<SYS>>\nYou are a helpful assistant.\n<</SYS>>\n\nThere's a llama in my garden [/INST]");
    assertThat(template.render(EXCHANGE, true)).isEqualTo("[INST] Hello [/INST] Hi there </s><s>[INST] How are you? [/INST]");
  }

  @Test
  void llama3WritesHeadersAndTrimsContents() {
    ChatTemplate template = template("{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' %}");
    assertThat(template.render(List.of(SYSTEM, new Message("user", "What can you help me with?\n")), true)).isEqualTo(
        "<|start_header_id|>system<|end_header_id|>\n\nYou are a helpful assistant.<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\nWhat can you help me with?<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n");
  }

  @Test
  void mistralVersionsDifferInSpaces() {
    assertThat(template("{{- ' [INST] ' + system_message + message['content'] + ' [/INST]' }}").render(EXCHANGE, true))
        .isEqualTo(" [INST] Hello [/INST] Hi there</s> [INST] How are you? [/INST]");
    assertThat(template("{{ '[AVAILABLE_TOOLS] ' }}{{ '[INST] ' + content + '[/INST]' }}").render(EXCHANGE, true))
        .isEqualTo("[INST] Hello[/INST] Hi there</s>[INST] How are you?[/INST]");
    assertThat(template("{{ \"[AVAILABLE_TOOLS]\" }}{{ \"[INST]\" + content + \"[/INST]\" }}").render(EXCHANGE, true))
        .isEqualTo("[INST]Hello[/INST]Hi there</s>[INST]How are you?[/INST]");
    assertThat(template("{{ '[SYSTEM_PROMPT] ' + content + '[/SYSTEM_PROMPT]' }}{{ '[INST] ' }}")
        .render(List.of(SYSTEM, EXCHANGE.getFirst()), true))
        .isEqualTo("[SYSTEM_PROMPT] You are a helpful assistant.[/SYSTEM_PROMPT][INST] Hello[/INST]");
    assertThat(template("{{ '[INST] ' + message['content'] + ' [/INST]' }}{{ message['content'] + eos_token}}").render(EXCHANGE, false))
        .isEqualTo("[INST] Hello [/INST]Hi there</s>[INST] How are you? [/INST]");
  }

  @Test
  void chatmlAddsTheSystemTurnThatTheTemplateSpellsOut() {
    ChatTemplate qwen2 = template(
        "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}"
        + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}");
    assertThat(qwen2.family()).isEqualTo("chatml");
    assertThat(qwen2.render(List.of(EXCHANGE.getFirst()), true)).isEqualTo("<|im_start|>system\nYou are a helpful assistant<|im_end|>\n"
        + "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
    assertThat(qwen2.render(List.of(new Message("system", "Be brief."), EXCHANGE.getFirst()), false))
        .isEqualTo("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n");
    assertThat(template("{{'<|im_start|>' + message['role'] + '\\n'}}").render(EXCHANGE, true)).isEqualTo(
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi there<|im_end|>\n"
            + "<|im_start|>user\nHow are you?<|im_end|>\n<|im_start|>assistant\n");
  }

  @Test
  void theTemplateInsideARealFileIsRecognised() {
    try (Gguf gguf = Gguf.open(SharedData.file("vocab/qwen2.gguf"))) {
      ChatTemplate template = ChatTemplate.of(gguf.metadata());
      String prompt = template.render(List.of(EXCHANGE.getFirst()), true);
      assertThat(prompt).isEqualTo("<|im_start|>system\nYou are a helpful assistant<|im_end|>\n"
          + "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
      assertThat(Tokenizer.of(gguf.metadata()).encode(prompt, true, true)).containsExactly(
          151644, 8948, 198, 2610, 525, 264, 10950, 17847, 151645, 198, 151644, 872, 198, 9707, 151645, 198, 151644, 77091, 198);
    }
  }

  @Test
  void qwen3DropsThoughtsBeforeTheLastQuestionAndKeepsThemAfter() {
    ChatTemplate template = template("{{- '<|im_start|>' }}{{ '</think>' }}{% if enable_thinking is defined %}");
    Message thoughtful = new Message("assistant", "<think>\nThey greet.\n</think>\n\nHi there");
    assertThat(template.family()).isEqualTo("qwen3");
    assertThat(template.render(List.of(EXCHANGE.get(0), thoughtful, EXCHANGE.get(2)), true)).isEqualTo(
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi there<|im_end|>\n"
            + "<|im_start|>user\nHow are you?<|im_end|>\n<|im_start|>assistant\n");
    assertThat(template.render(List.of(EXCHANGE.get(0), thoughtful), false)).isEqualTo(
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n<think>\nThey greet.\n</think>\n\nHi there<|im_end|>\n");
    assertThat(template.render(EXCHANGE.subList(0, 2), false)).isEqualTo(
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nHi there<|im_end|>\n");
  }

  @Test
  void zephyrEndsTurnsWithTheEndTokenOfTheFile() {
    String text = "{% if message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + eos_token }}";
    assertThat(template(text).render(List.of(new Message("system", "You are a pirate."), EXCHANGE.getFirst()), true))
        .isEqualTo("<|system|>\nYou are a pirate.</s>\n<|user|>\nHello</s>\n<|assistant|>\n");
    Metadata other = new MetadataFile().put("tokenizer.chat_template", text)
        .put("tokenizer.ggml.tokens", new String[] {"a", "<|endoftext|>"}).put("tokenizer.ggml.eos_token_id", 1).read();
    assertThat(ChatTemplate.of(other).render(List.of(EXCHANGE.getFirst()), false)).isEqualTo("<|user|>\nHello<|endoftext|>\n");
  }

  @Test
  void withoutATemplateTheFamilyDecides() {
    assertThat(family("qwen2", "qwen2")).isEqualTo("chatml");
    assertThat(family("qwen3", "qwen2")).isEqualTo("qwen3");
    assertThat(family("llama", "llama-bpe")).isEqualTo("llama3");
    assertThatThrownBy(() -> family("llama", "default")).isInstanceOf(ChatException.class).hasMessageContaining("tokenizer.chat_template");
  }

  @Test
  void othersAreRefusedByName() {
    assertThatThrownBy(() -> template("{{ '<start_of_turn>' + role }}")).isInstanceOf(ChatException.class)
        .hasMessageContaining("chatml").hasMessageContaining("<start_of_turn>");
    assertThatThrownBy(() -> template("{{'<|user|>' + '\n' + message['content'] + '<|end|>'}}<|assistant|>"))
        .isInstanceOf(ChatException.class);
    ChatTemplate mistral = template("{{ '[INST] ' }}");
    assertThatThrownBy(() -> mistral.render(List.of(), true)).isInstanceOf(ChatException.class);
    assertThatThrownBy(() -> mistral.render(List.of(new Message("tool", "x")), true)).hasMessageContaining("'tool'");
    assertThatThrownBy(() -> mistral.render(List.of(SYSTEM), true)).hasMessageContaining("none follows");
  }

  private static ChatTemplate template(String text) {
    return ChatTemplate.of(new MetadataFile().put("tokenizer.chat_template", text).read());
  }

  private static String family(String architecture, String pre) {
    return ChatTemplate.of(new MetadataFile().put("general.architecture", architecture).put("tokenizer.ggml.pre", pre).read()).family();
  }
}
