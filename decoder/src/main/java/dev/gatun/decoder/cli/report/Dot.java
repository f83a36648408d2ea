package dev.gatun.decoder.cli.report;

import java.util.List;

/** How an operator's family looks: a colour and a shape, so that colour is never all that tells it. */
final class Dot {
  private static final List<String> SHAPES = List.of(
      "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z", "M-4.5-4.5H4.5V4.5H-4.5Z", "M0-6.5L6.5 0L0 6.5L-6.5 0Z", "M0-6L6 4.5H-6Z", "M0 6L6-4.5H-6Z",
      "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z");
  private static final int COLOURS = 7;

  private Dot() {}

  static int colour(int family) {
    return family % COLOURS;
  }

  static String path(int family) {
    return SHAPES.get(family % SHAPES.size());
  }

  static void legend(List<String> families, List<String> shown, Markup page) {
    page.open("ul", "class", "legend", "aria-label", "Operators").line();
    for (String family : shown) {
      int at = families.indexOf(family);
      page.open("li").open("svg", "viewBox", "-8 -8 16 16", "width", "14", "height", "14", "aria-hidden", "true")
          .empty("path", "class", "dot c" + colour(at), "d", path(at)).close().text(" " + family).close().line();
    }
    page.close().line();
  }
}
