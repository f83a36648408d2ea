package dev.gatun.decoder.cli.report;

/** A table that scrolls by itself where it is wider than the page. */
final class Table {
  private final Markup page;

  Table(Markup page, String labelledBy, String... columns) {
    this.page = page;
    page.open("div", "class", "scroll", "role", "region", "aria-labelledby", labelledBy, "tabindex", "0").line();
    page.open("table").open("thead").open("tr");
    for (String column : columns) {
      page.leaf("th", column, "scope", "col");
    }
    page.close(2).open("tbody").line();
  }

  Table row(String name) {
    page.open("tr").leaf("th", name, "scope", "row");
    return this;
  }

  Table text(String text) {
    page.leaf("td", text);
    return this;
  }

  Table figure(String number) {
    page.leaf("td", number, "class", "figure");
    return this;
  }

  /** A number with words of its own below. */
  Table figure(String number, String below) {
    page.open("td", "class", "figure").text(number);
    if (!below.isEmpty()) {
      page.leaf("span", below, "class", "small");
    }
    page.close();
    return this;
  }

  void end() {
    page.close().line();
  }

  void close() {
    page.close(3);
  }
}
