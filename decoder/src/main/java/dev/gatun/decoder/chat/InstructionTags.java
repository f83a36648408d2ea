package dev.gatun.decoder.chat;

import java.util.List;

/**
 * A question stands between {@code open} and {@code close}, its answer between {@code beforeAnswer} and {@code afterAnswer}. A system
 * turn stands between {@code beforeSystem} and {@code afterSystem}, at the head of the next question or in front of its {@code open}.
 *
 * @param between what separates an answer from the next question, the BOS text where the family starts each exchange with one
 * @param systemInside whether the system turn is part of the question
 * @param trim whether white space round the content is dropped
 */
record InstructionTags(String open, String close, String beforeAnswer, String afterAnswer, String between, String beforeSystem,
    String afterSystem, boolean systemInside, boolean trim) implements Dialect {

  @Override
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    StringBuilder prompt = new StringBuilder();
    String pending = "";
    boolean answered = false;
    for (Message message : messages) {
      String content = trim ? message.content().strip() : message.content();
      switch (message.role()) {
        case Message.SYSTEM -> {
          String system = beforeSystem + content + afterSystem;
          if (systemInside) {
            pending += system;
          } else {
            prompt.append(system);
          }
        }
        case Message.USER -> {
          prompt.append(answered ? between : "").append(open).append(pending).append(content).append(close);
          pending = "";
          answered = false;
        }
        case Message.ASSISTANT -> {
          prompt.append(beforeAnswer).append(content).append(afterAnswer);
          answered = true;
        }
        default -> throw new ChatException("this model's template has no role '" + message.role() + "'; it has system, user, assistant");
      }
    }
    if (!pending.isEmpty()) {
      throw new ChatException("this model's template puts a system message inside the user message that follows, but none follows");
    }
    return prompt.toString();
  }
}
