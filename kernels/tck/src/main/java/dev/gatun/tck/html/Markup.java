package dev.gatun.tck.html;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Writes elements so that every one is closed and every text is escaped. */
final class Markup {
  private final Appendable out;
  private final Deque<String> open = new ArrayDeque<>();

  Markup(Appendable out) {
    this.out = out;
  }

  /** Begins an element; attributes are names and values in turn. */
  Markup open(String tag, String... attributes) throws IOException {
    start(tag, attributes);
    out.append('>');
    open.push(tag);
    return this;
  }

  /** Ends the innermost element. */
  Markup close() throws IOException {
    out.append("</").append(open.pop()).append('>');
    return this;
  }

  /** An element that holds nothing. */
  Markup empty(String tag, String... attributes) throws IOException {
    start(tag, attributes);
    out.append("/>");
    return this;
  }

  /** An element that holds a text. */
  Markup leaf(String tag, String text, String... attributes) throws IOException {
    return open(tag, attributes).text(text).close();
  }

  /** Text as readers see it. */
  Markup text(String text) throws IOException {
    escape(text);
    return this;
  }

  /** A line's end. */
  Markup line() throws IOException {
    out.append('\n');
    return this;
  }

  /** What has the form of markup already. */
  Markup raw(String markup) throws IOException {
    out.append(markup);
    return this;
  }

  private void start(String tag, String... attributes) throws IOException {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
  }

  private void escape(String text) throws IOException {
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '&' -> out.append("&amp;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        case '\n', '\t' -> out.append((char) c);
        default -> {
          if (isSeen(c)) {
            out.append(Character.toString(c));
          } else {
            out.append(String.format("\\u%04x", c));
          }
        }
      }
    }
  }

  /** Not so are characters that no page may hold and those that would change the order in which the rest is read. */
  private static boolean isSeen(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.UNASSIGNED, Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR -> false;
      default -> true;
    };
  }
}
