package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Tokens per second side by side: those of one model in one test. */
final class RateGroups {
  /**
   * Rates that may be compared.
   *
   * @param model of all
   * @param test of all
   * @param bars the fastest first
   */
  record Group(String model, String test, List<Bar> bars) {
    double most() {
      return bars.stream().mapToDouble(bar -> bar.rate.perSecond().most()).max().orElse(0);
    }

    double fastest() {
      return bars.stream().mapToDouble(bar -> bar.rate.perSecond().median()).max().orElse(0);
    }
  }

  /** A rate and what tells it from the others of its group. */
  record Bar(String name, Rate rate) {}

  private RateGroups() {}

  static List<Group> of(List<Rate> rates) {
    Map<String, List<Rate>> groups = new LinkedHashMap<>();
    for (Rate rate : rates) {
      groups.computeIfAbsent(rate.model() + "\n" + test(rate, rates), _ -> new ArrayList<>()).add(rate);
    }
    List<Group> all = new ArrayList<>();
    groups.forEach((key, members) -> all.add(group(key.split("\n", 2), members)));
    return all;
  }

  /** Rows that do not tell how many tokens they decoded stand beside those of the same depth that do. */
  private static String test(Rate rate, List<Rate> rates) {
    if (!rate.test().matches("tg\\D.*|tg")) {
      return rate.test();
    }
    String rest = rate.test().substring(2);
    return rates.stream().filter(other -> other.model().equals(rate.model()) && other.test().matches("tg\\d+.*")
        && other.test().replaceFirst("tg\\d+", "").equals(rest)).map(Rate::test).findFirst().orElse(rate.test());
  }

  private static Group group(String[] key, List<Rate> members) {
    List<Bar> bars = new ArrayList<>();
    for (Rate rate : members) {
      StringBuilder name = new StringBuilder(rate.source());
      if (!rate.backend().isEmpty() && !rate.backend().equals(rate.source())) {
        name.append(' ').append(rate.backend());
      }
      for (String setting : new TreeSet<>(rate.settings().keySet())) {
        boolean varies = members.stream().filter(other -> other.source().equals(rate.source()) && other.backend().equals(rate.backend()))
            .map(other -> other.settings().getOrDefault(setting, "")).distinct().count() > 1;
        if (varies || setting.equals("threads")) {
          name.append(", ").append(setting.equals("threads") ? Shown.count(count(rate.settings().get(setting)), "thread", "threads")
              : setting + " " + rate.settings().get(setting));
        }
      }
      bars.add(new Bar(name.toString(), rate));
    }
    bars.sort((a, b) -> Double.compare(b.rate.perSecond().median(), a.rate.perSecond().median()));
    return new Group(key[0], key[1], List.copyOf(bars));
  }

  private static int count(String threads) {
    try {
      return Integer.parseInt(threads);
    } catch (NumberFormatException _) {
      return 0;
    }
  }
}
