package dev.gatun.decoder.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Time against floor, both in microseconds and on logarithmic scales, as SVG: what lies on the line could not be faster. */
final class FloorPlot {
  private static final int SIZE = 640;
  private static final int MARGIN = 60;
  private static final List<String> COLOURS = List.of("#1f5fa8", "#c44e1b", "#2b8a3e", "#8e44ad", "#7a6000", "#00707a");

  /** A dot: what it is of, and where. */
  record Dot(String kernel, String name, double floor, double time) {}

  private final List<Dot> dots;
  private final int from;
  private final int to;

  FloorPlot(List<Dot> dots) {
    this.dots = dots;
    double least = dots.stream().mapToDouble(dot -> Math.min(dot.floor, dot.time)).min().orElse(1);
    double most = dots.stream().mapToDouble(dot -> Math.max(dot.floor, dot.time)).max().orElse(1000);
    this.from = (int) Math.floor(Math.log10(least));
    this.to = Math.max(from + 1, (int) Math.ceil(Math.log10(most)));
  }

  private double x(double micros) {
    return MARGIN + (SIZE - 2 * MARGIN) * (Math.log10(micros) - from) / (to - from);
  }

  private double y(double micros) {
    return SIZE - x(micros);
  }

  String svg() {
    List<String> lines = new ArrayList<>();
    lines.add(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">", SIZE + 160, SIZE));
    lines.add("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    for (int power = from; power <= to; power++) {
      double at = Math.pow(10, power);
      lines.add(line(x(at), y(Math.pow(10, from)), x(at), y(Math.pow(10, to)), "#dddddd"));
      lines.add(line(x(Math.pow(10, from)), y(at), x(Math.pow(10, to)), y(at), "#dddddd"));
      lines.add(text(x(at) - 8, SIZE - MARGIN + 18, "1e" + power));
      lines.add(text(8, y(at) + 4, "1e" + power));
    }
    lines.add(line(x(Math.pow(10, from)), y(Math.pow(10, from)), x(Math.pow(10, to)), y(Math.pow(10, to)), "#555555"));
    lines.add(text(SIZE / 2 - 40, SIZE - 14, "floor, microseconds"));
    lines.add(text(8, MARGIN - 24, "time, microseconds; the line is time = floor"));
    Map<String, String> colours = new LinkedHashMap<>();
    for (Dot dot : dots) {
      colours.computeIfAbsent(dot.kernel, kernel -> COLOURS.get(colours.size() % COLOURS.size()));
      lines.add(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\" fill-opacity=\"0.75\"><title>%s: %.1f of %.1f</title></circle>",
          x(dot.floor), y(dot.time), colours.get(dot.kernel), escaped(dot.kernel + " " + dot.name), dot.time, dot.floor));
    }
    int row = 0;
    for (Map.Entry<String, String> colour : colours.entrySet()) {
      lines.add(String.format(Locale.ROOT, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", SIZE, MARGIN + 20 * row, colour.getValue()));
      lines.add(text(SIZE + 12, MARGIN + 4 + 20 * row++, colour.getKey()));
    }
    lines.add("</svg>");
    return String.join("\n", lines) + "\n";
  }

  private static String line(double x1, double y1, double x2, double y2, String colour) {
    return String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>", x1, y1, x2, y2, colour);
  }

  private static String text(double x, double y, String text) {
    return String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\">%s</text>", x, y, escaped(text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
