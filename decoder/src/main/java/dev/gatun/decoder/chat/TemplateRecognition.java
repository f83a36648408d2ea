package dev.gatun.decoder.chat;

import dev.gatun.decoder.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells a family by the marks that only its templates hold; most marks are those that llama.cpp looks for. */
final class TemplateRecognition {
  private static final String SERVED = "llama2, llama3, mistral, chatml (qwen2, smollm), qwen3, zephyr (tinyllama)";
  private static final int SHOWN = 60;

  /** Jinja string literals in files hold a newline as itself or as its escape. */
  private static final Pattern SYSTEM_DEFAULT = Pattern.compile("<\\|im_start\\|>system(?:\\\\n|\n)([^<{'\"]+)<\\|im_end\\|>");
  private static final Pattern ZEPHYR =
      Pattern.compile("<\\|user\\|>(?:\\\\n|\n)['\"]\\s*\\+\\s*message\\[['\"]content['\"]]\\s*\\+\\s*(?:eos_token|['\"]<\\|endoftext)");

  private final Metadata metadata;
  private final String template;

  private TemplateRecognition(Metadata metadata, String template) {
    this.metadata = metadata;
    this.template = template;
  }

  static ChatTemplate recognise(Metadata metadata) {
    Optional<String> template = metadata.string("tokenizer.chat_template");
    return template.isPresent() ? new TemplateRecognition(metadata, template.get()).byText() : byFamily(metadata);
  }

  private static ChatTemplate byFamily(Metadata metadata) {
    String architecture = metadata.string("general.architecture").orElse("unknown");
    String pre = metadata.string("tokenizer.ggml.pre").orElse("");
    if (architecture.equals("llama") && List.of("llama-bpe", "llama3", "llama-v3").contains(pre)) {
      return llama3();
    }
    return switch (architecture) {
      case "qwen2" -> chatml("");
      case "qwen3" -> qwen3();
      default -> throw new ChatException("the file has no tokenizer.chat_template and its architecture (" + architecture
          + ") does not settle one: use a plain prompt; templates served are " + SERVED);
    };
  }

  private ChatTemplate byText() {
    if (has("<|im_start|>") && !has("<end_of_utterance>") && !has("<|im_sep|>")) {
      return has("</think>") && has("enable_thinking") ? qwen3() : chatml(systemDefault());
    }
    if (has("[INST]")) {
      return instruction();
    }
    if (has("<|start_header_id|>") && has("<|end_header_id|>")) {
      return llama3();
    }
    if (ZEPHYR.matcher(template).find() && !has("<|end|>")) {
      return new ChatTemplate("zephyr", new RoleHeaders("<|", "|>\n", eos() + "\n", false, "", false));
    }
    String start = template.strip().replaceAll("\\s+", " ");
    throw new ChatException("the chat template is of no family served (" + SERVED + "); it begins: "
        + (start.length() > SHOWN ? start.substring(0, SHOWN) + "…" : start));
  }

  private ChatTemplate instruction() {
    String eos = eos();
    if (has("[SYSTEM_PROMPT]")) {
      String space = has("[SYSTEM_PROMPT] ") ? " " : "";
      return new ChatTemplate("mistral", new InstructionTags("[INST]" + space, "[/INST]", space, eos, "",
          "[SYSTEM_PROMPT]" + space, "[/SYSTEM_PROMPT]", false, false));
    }
    if (has("' [INST] ' + system_message")) {
      return new ChatTemplate("mistral", mistral(" [INST] ", " [/INST]", " ", eos, "\n\n"));
    }
    if (has("[AVAILABLE_TOOLS]")) {
      return new ChatTemplate("mistral", has("\"[INST]\"")
          ? mistral("[INST]", "[/INST]", "", eos, "\n\n") : mistral("[INST] ", "[/INST]", " ", eos, "\n\n"));
    }
    if (has("<<SYS>>")) {
      return new ChatTemplate("llama2", new InstructionTags("[INST] ", " [/INST]", " ", " " + eos, bos(),
          "<<SYS>>\n", "\n<</SYS>>\n\n", true, true));
    }
    return new ChatTemplate("mistral", mistral("[INST] ", " [/INST]", "", eos, "\n"));
  }

  private static InstructionTags mistral(String open, String close, String beforeAnswer, String eos, String afterSystem) {
    return new InstructionTags(open, close, beforeAnswer, eos, "", "", afterSystem, true, false);
  }

  private static ChatTemplate llama3() {
    return new ChatTemplate("llama3", new RoleHeaders("<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>", true, "", false));
  }

  private static ChatTemplate chatml(String systemDefault) {
    return new ChatTemplate("chatml", new RoleHeaders("<|im_start|>", "\n", "<|im_end|>\n", false, systemDefault, false));
  }

  private static ChatTemplate qwen3() {
    return new ChatTemplate("qwen3", new RoleHeaders("<|im_start|>", "\n", "<|im_end|>\n", false, "", true));
  }

  private boolean has(String mark) {
    return template.contains(mark);
  }

  private String systemDefault() {
    Matcher found = SYSTEM_DEFAULT.matcher(template);
    return found.find() ? found.group(1) : "";
  }

  private String bos() {
    return token("tokenizer.ggml.bos_token_id", "<s>");
  }

  private String eos() {
    return token("tokenizer.ggml.eos_token_id", "</s>");
  }

  private String token(String key, String otherwise) {
    long id = metadata.integer(key).orElse(-1);
    List<byte[]> tokens = metadata.bytes("tokenizer.ggml.tokens").orElse(List.of());
    return id >= 0 && id < tokens.size() ? new String(tokens.get((int) id), StandardCharsets.UTF_8) : otherwise;
  }
}
