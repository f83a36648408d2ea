package dev.gatun.tck.html;

import java.util.Optional;

/** What it means that a check failed, in a line; the guide says more. */
final class CheckMeaning {
  private CheckMeaning() {}

  static Optional<String> of(String check) {
    return Optional.ofNullable(switch (check) {
      case "plan" -> "Asked twice about one case, the backend gives two answers.";
      case "refusal" -> "A case is refused without a reason, or is refused and yet runs.";
      case "guards" -> "Memory that the operator may not write has changed: beside an output, in a gap, or in an input.";
      case "finite" -> "NaN or an infinity where the result has none, or none where the result has one.";
      case "exact" -> "A result that has no rounding of its own is not the one expected.";
      case "error" -> "The error over the whole output is above its bound.";
      case "element" -> "Single elements are far off, though the error over the whole output is within its bound.";
      case "explained" -> "What the backend says of a program does not fit the program.";
      case "fallback" -> "What ran is not what was planned.";
      case "repeat" -> "The same inputs gave other bits on a second run.";
      case "replay" -> "The same program, submitted again, gave other bits.";
      case "neighbours" -> "A result depends on contents that it should not look at.";
      case "workspace" -> "Memory of nobody in this case has changed.";
      case "threw" -> "The case ended in an exception, though the backend claims to serve it.";
      case "crashed" -> "The process ended in the midst of the case.";
      case "timed out" -> "The case did not end in the time that a case has.";
      default -> null;
    });
  }
}
