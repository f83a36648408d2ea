package dev.gatun.tck.html;

import java.util.Optional;

/** What it means that a check failed, in a line; the guide says what usually causes it. */
final class CheckMeaning {
  private CheckMeaning() {}

  /** Of a check by its name, if it is known here. */
  static Optional<String> of(String check) {
    return Optional.ofNullable(switch (check) {
      case "finite" -> "NaN or an infinity where the result has none, or none where the result has one.";
      case "error" -> "The error over the whole output is above its bound.";
      case "element" -> "Single elements are far off, though the error over the whole output is within its bound.";
      case "exact" -> "A result that has no rounding of its own is not the one expected.";
      case "draw" -> "A sampled token is not the one that its random number falls on.";
      case "shares" -> "Sampled tokens do not come as often as their probabilities say.";
      case "guards" -> "Memory that the operator may not write has changed: beside an output, in a gap, or in an input.";
      case "unwritten" -> "Part of an output still holds what was there before.";
      case "workspace" -> "Memory has changed that no operand of the case lies in.";
      case "repeat" -> "The same inputs gave other bits on a second run.";
      case "replay" -> "The same program, submitted again, gave other bits.";
      case "neighbours" -> "A result depends on contents that it should not look at.";
      case "plan" -> "Asked twice about one case, the backend gives two answers.";
      case "refusal" -> "A case is refused without a reason, or is refused and yet runs.";
      case "explained" -> "What the backend says of a program does not fit the program.";
      case "fallback" -> "What ran is not what was planned.";
      case "prepared" -> "A weight made ready is not what the backend says of it, or the original has changed.";
      case "cache" -> "The paged cache does not hold what was appended to it.";
      case "pages" -> "The paged cache has more or fewer free pages than its sequences leave.";
      case "form" -> "The result is nearer to another form of the operator than to the one asked for.";
      case "fused" -> "A fused program and its operators one by one disagree.";
      case "argmax" -> "The token chosen is not that of the program's own logits.";
      case "profile" -> "Profiling changed a result, or measured what cannot be.";
      case "promise" -> "The interface promises something besides numbers, and it does not hold.";
      case "close" -> "What the case started could not be waited for, or what it used could not be freed.";
      case "threw" -> "The case ended in an exception, though the backend claims to serve it.";
      case "crash" -> "The process ended in the midst of the case.";
      case "hang" -> "The case did not end in the time that a case has.";
      default -> null;
    });
  }
}
