package dev.gatun.decoder.chat;

import java.util.List;

/**
 * Each turn is {@code before role after content end}.
 *
 * @param trim whether white space round the content is dropped
 * @param systemDefault the system turn of a conversation that has none; empty for no turn
 * @param thinks whether answers carry a {@code <think>} block, which is kept after the last question and dropped from earlier answers
 */
record RoleHeaders(String before, String after, String end, boolean trim, String systemDefault, boolean thinks) implements Dialect {
  private static final String THINK = "<think>";
  private static final String END_THINK = "</think>";

  @Override
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    StringBuilder prompt = new StringBuilder();
    if (!systemDefault.isEmpty() && !messages.getFirst().is(Message.SYSTEM)) {
      turn(prompt, Message.SYSTEM, systemDefault);
    }
    int lastQuestion = lastQuestion(messages);
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      String content = trim ? message.content().strip() : message.content();
      boolean answer = thinks && message.is(Message.ASSISTANT);
      turn(prompt, message.role(), answer ? answer(content, i > lastQuestion, i == messages.size() - 1) : content);
    }
    if (addGenerationPrompt) {
      prompt.append(before).append(Message.ASSISTANT).append(after);
    }
    return prompt.toString();
  }

  private void turn(StringBuilder prompt, String role, String content) {
    prompt.append(before).append(role).append(after).append(content).append(end);
  }

  private static int lastQuestion(List<Message> messages) {
    int last = messages.size() - 1;
    while (last >= 0 && !messages.get(last).is(Message.USER)) {
      last--;
    }
    return last;
  }

  private static String answer(String content, boolean current, boolean last) {
    int end = content.lastIndexOf(END_THINK);
    String thought = "";
    String rest = content;
    if (end >= 0) {
      int first = content.indexOf(END_THINK);
      int begin = content.lastIndexOf(THINK, first);
      thought = stripNewlines(content.substring(begin < 0 ? 0 : begin + THINK.length(), first), true, true);
      rest = stripNewlines(content.substring(end + END_THINK.length()), true, false);
    }
    if (current && (last || !thought.isEmpty())) {
      return THINK + "\n" + thought + "\n" + END_THINK + "\n\n" + stripNewlines(rest, true, false);
    }
    return rest;
  }

  private static String stripNewlines(String text, boolean leading, boolean trailing) {
    int from = 0;
    int to = text.length();
    while (leading && from < to && text.charAt(from) == '\n') {
      from++;
    }
    while (trailing && to > from && text.charAt(to - 1) == '\n') {
      to--;
    }
    return text.substring(from, to);
  }
}
