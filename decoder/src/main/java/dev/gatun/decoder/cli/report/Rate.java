package dev.gatun.decoder.cli.report;

import java.util.Map;

/**
 * Tokens per second of a model.
 *
 * @param source the program that ran it
 * @param backend its backend
 * @param model the file's name without folder and ending
 * @param test what was timed, in the words of llama-bench: {@code pp512}, {@code tg128 @ d4096}
 * @param settings what else the figure depends on
 * @param perSecond tokens
 * @param details what more is known, by name
 */
record Rate(String source, String backend, String model, String test, Map<String, String> settings, Series perSecond, Map<String, Double> details) {
  /** The build is no part of it: two of them are what is compared. */
  String key() {
    StringBuilder key = new StringBuilder(String.join("\n", source, backend, model, test));
    settings.forEach((name, value) -> key.append(name.equals("build") ? "" : "\n" + name + " " + value));
    return key.toString();
  }

  String title() {
    return model + " " + test;
  }

  Rate and(Rate again) {
    return new Rate(source, backend, model, test, settings, perSecond.and(again.perSecond), details);
  }
}
