package dev.gatun.tck.html;

import dev.gatun.tck.Report;
import dev.gatun.tck.Scale;
import dev.gatun.tck.Suite;
import dev.gatun.tck.TestCase;

/** The command that examines one case again as a report's run did. */
final class Rerun {
  private Rerun() {}

  static String command(Report report, TestCase test) {
    StringBuilder command = new StringBuilder("gatun validate --backend ").append(quoted(report.subject().backend()));
    report.subject().options().forEach((name, value) -> command.append(" -o ").append(quoted(name + "=" + value)));
    if (report.run().scale() == Scale.EMULATED) {
      command.append(" --emulated");
    }
    if (report.run().seed() != Suite.SEED) {
      command.append(" --seed ").append(report.run().seed());
    }
    return command.append(" --case ").append('\'').append(test.line().replace("'", "'\\''")).append('\'').toString();
  }

  private static String quoted(String word) {
    return word.matches("[A-Za-z0-9_.,=/:+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
