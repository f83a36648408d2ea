package dev.gatun.decoder.cli.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tokens per second as bars, with whiskers from the least to the most. */
final class RateSection {
  private static final Map<String, String> DETAILS = Map.of("gb_per_s", "GB/s of weights", "bandwidth_share", "of the copy bandwidth", "bytes_per_token", "MB a token",
      "ttft_ms", "first token, ms", "device_us_per_step", "device, us a token", "host_us_per_step", "host gap, us a token", "peak_rss_bytes", "peak memory, MB");
  private static final List<String> ORDER = List.of("gb_per_s", "bandwidth_share", "bytes_per_token", "ttft_ms", "device_us_per_step", "host_us_per_step",
      "peak_rss_bytes");

  private final List<RateGroups.Group> groups;
  private final Markup page;

  RateSection(Results results, Markup page) {
    this.groups = RateGroups.of(results.rates());
    this.page = page;
  }

  void write() {
    if (groups.isEmpty()) {
      return;
    }
    page.open("section", "aria-labelledby", "rates").leaf("h2", "Tokens per second", "id", "rates").line();
    page.leaf("p", "Bars are medians, whiskers go from the least to the most of the repeats. pp is a prompt of so many tokens, tg so many decoded one by one, "
        + "@ d after so many others; each test has its own scale.").line();
    for (RateGroups.Group group : groups) {
      bars(group);
    }
    details();
    page.close().line();
  }

  private void bars(RateGroups.Group group) {
    page.open("table", "class", "bars").leaf("caption", group.model() + " · " + group.test()).open("colgroup")
        .empty("col", "class", "who").empty("col", "class", "drawn").empty("col").empty("col").empty("col").close().open("thead", "class", "said").open("tr");
    for (String column : List.of("program", "bar", "tokens/s, median", "least to most", "of the fastest")) {
      page.leaf("th", column, "scope", "col");
    }
    page.close(2).open("tbody").line();
    for (RateGroups.Bar bar : group.bars()) {
      Series rate = bar.rate().perSecond();
      page.open("tr").leaf("th", bar.name(), "scope", "row").open("td", "class", "drawn");
      draw(bar, group.most());
      page.close().leaf("td", Shown.number(rate.median()) + " tokens/s", "class", "figure");
      page.leaf("td", Shown.spread(rate).isEmpty() ? "one sample" : Shown.spread(rate), "class", "figure small");
      page.leaf("td", group.bars().size() == 1 ? "" : rate.median() == group.fastest() ? "the fastest" : Shown.percent(rate.median() / group.fastest()) + " of that",
          "class", "figure small").close().line();
    }
    page.close(2);
  }

  private void draw(RateGroups.Bar bar, double most) {
    Series rate = bar.rate().perSecond();
    String label = bar.name() + ": " + Shown.number(rate.median()) + " tokens/s" + (Shown.spread(rate).isEmpty() ? "" : ", " + Shown.spread(rate));
    page.open("svg", "class", "bar", "viewBox", "0 0 1000 20", "preserveAspectRatio", "none", "role", "img", "aria-label", label);
    page.empty("rect", "class", bar.rate().source().equals("gatun") ? "own" : "peer", "x", "0", "y", "2", "width", units(rate.median(), most), "height", "16");
    if (rate.least() < rate.most()) {
      whisker(units(rate.least(), most), "10", units(rate.most(), most), "10");
      whisker(units(rate.least(), most), "5", units(rate.least(), most), "15");
      whisker(units(rate.most(), most), "5", units(rate.most(), most), "15");
    }
    page.close();
  }

  private void whisker(String x1, String y1, String x2, String y2) {
    page.empty("line", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "class", "whisker", "vector-effect", "non-scaling-stroke");
  }

  /** A little less than the whole width, so that the last whisker is not cut off. */
  private static String units(double value, double most) {
    return String.format(Locale.ROOT, "%.1f", most > 0 ? 995 * value / most : 0);
  }

  private void details() {
    List<Rate> told = groups.stream().flatMap(group -> group.bars().stream()).map(RateGroups.Bar::rate).filter(rate -> !rate.details().isEmpty()).toList();
    List<String> columns = ORDER.stream().filter(name -> told.stream().anyMatch(rate -> rate.details().containsKey(name))).toList();
    if (columns.isEmpty()) {
      return;
    }
    page.leaf("h3", "What they cost", "id", "costs").line();
    String[] heads = new String[columns.size() + 1];
    heads[0] = "test";
    for (int i = 0; i < columns.size(); i++) {
      heads[i + 1] = DETAILS.get(columns.get(i));
    }
    Table table = new Table(page, "costs", heads);
    for (Rate rate : told) {
      table.row(rate.title() + ", " + rate.backend());
      columns.forEach(name -> table.figure(shown(name, rate.details().getOrDefault(name, Double.NaN))));
      table.end();
    }
    table.close();
  }

  private static String shown(String name, double value) {
    return name.endsWith("share") ? Shown.percent(value) : Shown.number(name.contains("bytes") ? value / 1e6 : value);
  }
}
