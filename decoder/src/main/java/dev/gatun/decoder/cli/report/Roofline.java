package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The roofline of Williams, Waterman and Patterson (2009): operations a second against operations for each byte, both on logarithmic scales, below what
 * copies and products of the same run allow.
 */
final class Roofline {
  static final int WIDTH = 760;
  static final int HEIGHT = 500;
  private static final int LEFT = 92;
  private static final int RIGHT = 722;
  private static final int TOP = 26;
  private static final int BOTTOM = 420;
  private static final int MOST_LABELS = 10;
  private static final double LETTER = 6.3;

  private final String id;
  private final List<Score> dots;
  private final Optional<Ceiling> ceiling;
  private final List<String> families;
  private final Axis x;
  private final Axis y;

  /** @param families all of the page, in the order of their colours */
  Roofline(String id, List<Score> dots, Optional<Ceiling> ceiling, List<String> families) {
    this.id = id;
    this.dots = dots;
    this.ceiling = ceiling;
    this.families = families;
    double gb = ceiling.map(Ceiling::gbPerSecond).orElse(Double.NaN);
    double tflop = ceiling.map(Ceiling::tflopPerSecond).orElse(Double.NaN);
    List<Double> across = new ArrayList<>(dots.stream().map(Score::intensity).toList());
    List<Double> up = new ArrayList<>(dots.stream().map(Score::tflopPerSecond).toList());
    across.add(1e3 * tflop / gb);
    up.add(tflop);
    this.x = Axis.over(LEFT, RIGHT, across.stream().mapToDouble(Double::doubleValue).toArray());
    this.y = Axis.over(BOTTOM, TOP, up.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Where a score lies on the picture. */
  double[] place(Score score) {
    return new double[] {x.at(score.intensity()), y.at(score.tflopPerSecond())};
  }

  void write(Markup page) {
    page.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "plot", "viewBox", "0 0 " + WIDTH + " " + HEIGHT, "role", "img", "aria-labelledby",
        id + "-title " + id + "-desc").line();
    page.leaf("title", "Roofline" + ceiling.map(c -> " of " + named(c)).orElse(""), "id", id + "-title").line();
    page.leaf("desc", described(), "id", id + "-desc").line();
    grid(page);
    ceiling.ifPresent(known -> roof(known, page));
    for (Score dot : dots) {
      double[] at = place(dot);
      int family = families.indexOf(dot.family());
      page.open("path", "class", "dot c" + Dot.colour(family), "d", Dot.path(family), "transform", "translate(" + unit(at[0]) + " " + unit(at[1]) + ")");
      page.leaf("title", dot.title() + ": " + Shown.number(dot.tflopPerSecond()) + " TFLOP/s, " + Shown.number(dot.gbPerSecond()) + " GB/s, "
          + Shown.number(dot.intensity()) + " flop/byte").close().line();
    }
    labels(page);
    page.close().line();
  }

  private static String named(Ceiling ceiling) {
    return ceiling.backend() + (ceiling.device().isEmpty() ? "" : (ceiling.backend().isEmpty() ? "" : ", ") + ceiling.device());
  }

  private String described() {
    return Shown.count(dots.size(), "dot", "dots") + ", one for each kernel: TFLOP/s against flop for each byte, on logarithmic scales"
        + ceiling.filter(Ceiling::isWhole).map(c -> "; the roof rises with " + Shown.number(c.gbPerSecond()) + " GB/s of copies to " + Shown.number(c.tflopPerSecond())
        + " TFLOP/s of products").orElse("") + ". The table below has the same figures.";
  }

  private void grid(Markup page) {
    for (int power : x.ticks()) {
      double at = x.at(Math.pow(10, power));
      line(page, "grid", at, TOP, at, BOTTOM);
      words(page, "tick", at, BOTTOM + 24, "middle", Axis.label(power));
    }
    for (int power : y.ticks()) {
      double at = y.at(Math.pow(10, power));
      line(page, "grid", LEFT, at, RIGHT, at);
      words(page, "tick", LEFT - 8, at + 5, "end", Axis.label(power));
    }
    words(page, "axis", (LEFT + RIGHT) / 2.0, HEIGHT - 22, "middle", "flop for each byte moved");
    page.leaf("text", "TFLOP/s", "class", "axis", "text-anchor", "middle", "transform", "translate(20 " + unit((TOP + BOTTOM) / 2.0) + ") rotate(-90)").line();
  }

  private void roof(Ceiling known, Markup page) {
    double ridge = known.isWhole() ? 1e3 * known.tflopPerSecond() / known.gbPerSecond() : Double.NaN;
    if (known.gbPerSecond() > 0) {
      double from = Math.max(x.least(), 1e3 * y.least() / known.gbPerSecond());
      double to = Double.isFinite(ridge) ? ridge : Math.min(x.most(), 1e3 * y.most() / known.gbPerSecond());
      if (to > from) {
        line(page, "roof", x.at(from), y.at(known.gbPerSecond() * from / 1e3), x.at(to), y.at(known.gbPerSecond() * to / 1e3));
        double middle = Math.sqrt(from * to);
        double turn = Math.toDegrees(Math.atan2(y.at(known.gbPerSecond() * to) - y.at(known.gbPerSecond() * from), x.at(to) - x.at(from)));
        page.leaf("text", "copies, " + Shown.number(known.gbPerSecond()) + " GB/s", "class", "roofed", "text-anchor", "middle", "transform",
            "translate(" + unit(x.at(middle)) + " " + unit(y.at(known.gbPerSecond() * middle / 1e3)) + ") rotate(" + unit(turn) + ") translate(0 -8)").line();
      }
    }
    if (known.tflopPerSecond() > 0) {
      double from = Double.isFinite(ridge) ? Math.max(ridge, x.least()) : x.least();
      line(page, "roof", x.at(from), y.at(known.tflopPerSecond()), RIGHT, y.at(known.tflopPerSecond()));
      words(page, "roofed", RIGHT, y.at(known.tflopPerSecond()) - 8, "end", "products, " + Shown.number(known.tflopPerSecond()) + " TFLOP/s");
    }
  }

  /** Names beside the dots that reach the most and the least of the roof, as far as there is room; all names are in the dots' own titles. */
  private void labels(Markup page) {
    List<double[]> taken = new ArrayList<>();
    dots.forEach(dot -> taken.add(new double[] {place(dot)[0] - 6, place(dot)[1] - 6, place(dot)[0] + 6, place(dot)[1] + 6}));
    List<Score> ranked = dots.stream().sorted(Comparator.comparingDouble(this::reached)).toList();
    int shown = 0;
    for (int i = 0; i < ranked.size() && shown < MOST_LABELS; i++) {
      Score dot = i % 2 == 0 ? ranked.get(i / 2) : ranked.get(ranked.size() - 1 - i / 2);
      double width = dot.title().length() * LETTER;
      double[] at = place(dot);
      for (double[] corner : new double[][] {{at[0] + 10, at[1] - 6}, {at[0] - 10 - width, at[1] - 6}, {at[0] - width / 2, at[1] + 8}, {at[0] - width / 2, at[1] - 21}}) {
        double[] box = {corner[0], corner[1], corner[0] + width, corner[1] + 14};
        if (isFree(box, taken)) {
          taken.add(box);
          words(page, "name", box[0], box[1] + 11, "start", dot.title());
          shown++;
          break;
        }
      }
    }
  }

  private double reached(Score dot) {
    double roof = ceiling.map(known -> known.at(dot.intensity())).orElse(Double.NaN);
    return Double.isFinite(roof) ? dot.tflopPerSecond() / roof : dot.tflopPerSecond();
  }

  private boolean isFree(double[] box, List<double[]> taken) {
    if (box[0] < LEFT + 2 || box[2] > RIGHT || box[1] < TOP || box[3] > BOTTOM - 2 || crossesRoof(box)) {
      return false;
    }
    return taken.stream().noneMatch(other -> box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
  }

  /** The roof and the words along it, which stand above the line. */
  private boolean crossesRoof(double[] box) {
    Ceiling known = ceiling.filter(Ceiling::isWhole).orElse(null);
    for (double across = box[0]; known != null && across <= box[2] + 8; across += 8) {
      double roof = y.at(known.at(x.least() * Math.pow(10, (across - LEFT) / (RIGHT - LEFT) * (x.to() - x.from()))));
      if (box[3] > roof - 34 && box[1] < roof + 4) {
        return true;
      }
    }
    return false;
  }

  private static void line(Markup page, String style, double x1, double y1, double x2, double y2) {
    page.empty("line", "class", style, "x1", unit(x1), "y1", unit(y1), "x2", unit(x2), "y2", unit(y2)).line();
  }

  private static void words(Markup page, String style, double x, double y, String anchor, String text) {
    page.leaf("text", text, "class", style, "x", unit(x), "y", unit(y), "text-anchor", anchor).line();
  }

  static String unit(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
