package dev.gatun.tck;

import dev.gatun.tck.html.ReportPage;
import java.io.IOException;

/**
 * A {@link Report} as one HTML page that needs nothing besides itself: no script, no font, no image, no address. It is well-formed XML as
 * well, follows the reader's light or dark scheme and prints on A4 in landscape.
 *
 * <p>Two reports that differ in times only give pages that differ only in lines with an element that has the attribute {@code data-times}.
 */
public final class ReportHtml {
  private ReportHtml() {}

  /**
   * Writes the page, in characters that are meant for UTF-8.
   *
   * @throws IOException if {@code out} does
   */
  public static void write(Report report, Appendable out) throws IOException {
    ReportPage.write(report, out);
  }
}
