package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportHtmlTest {
  private static final CaseResult ONE = FabricatedReports.passed(TestCase.parse("matmul(n=7, w=q4_0)"), "q4_0", 3);

  static Stream<Report> reports() {
    return Stream.of(FabricatedReports.empty(), FabricatedReports.allPassed(), FabricatedReports.manyFailures(),
        FabricatedReports.manyUnsupported());
  }

  @ParameterizedTest
  @MethodSource("reports")
  void isWellFormedAndEveryLinkLeadsSomewhereOnThePage(Report report) {
    Document page = parsed(html(report));
    Set<String> ids = new HashSet<>();
    for (Element element : elements(page, "*")) {
      if (element.hasAttribute("id")) {
        assertThat(ids.add(element.getAttribute("id"))).as("the only " + element.getAttribute("id")).isTrue();
      }
    }
    for (Element element : elements(page, "*")) {
      if (element.hasAttribute("href")) {
        assertThat(element.getAttribute("href")).startsWith("#");
        assertThat(ids).contains(element.getAttribute("href").substring(1));
      }
      if (element.hasAttribute("aria-labelledby")) {
        assertThat(ids).contains(element.getAttribute("aria-labelledby"));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("reports")
  void needsNothingBesidesItself(Report report) {
    String page = html(report);
    assertThat(page).doesNotContain("://", "//", "@import", "url(", "src=", "<link", "<script");
  }

  @ParameterizedTest
  @MethodSource("reports")
  void theTableCountsEveryCaseOnce(Report report) {
    int[] counted = new int[Verdict.values().length];
    for (Element cell : elements(parsed(html(report)), "span")) {
      if (cell.getAttribute("class").startsWith("n ")) {
        Verdict verdict = Verdict.valueOf(cell.getAttribute("class").substring(2).toUpperCase(java.util.Locale.ROOT));
        String text = cell.getTextContent();
        counted[verdict.ordinal()] += Integer.parseInt(text.substring(text.indexOf('\u00a0') + 1, text.indexOf(' ')).replace(",", ""));
      }
    }
    Map<Verdict, Integer> counts = report.counts();
    for (Verdict verdict : Verdict.values()) {
      assertThat(counted[verdict.ordinal()]).as(verdict.label()).isEqualTo(counts.get(verdict));
    }
  }

  @ParameterizedTest
  @MethodSource("reports")
  void everyFailureIsThereWithItsMessage(Report report) {
    List<String> listed = elements(parsed(html(report)), "p").stream().filter(p -> p.getAttribute("class").equals("found"))
        .map(Element::getTextContent).toList();
    assertThat(listed).containsExactlyInAnyOrderElementsOf(report.results().stream().filter(result -> result.verdict() == Verdict.FAIL)
        .map(result -> result.check() + " " + result.message()).toList());
  }

  @Test
  void theHeadlineIsTheVerdict() {
    CaseResult failed = FabricatedReports.failed(ONE, "error", "wrong");
    CaseResult refused = FabricatedReports.refused(ONE, "no kernel");
    CaseResult notRun = CaseResult.unexamined(ONE.test(), "q4_0", Verdict.NOT_RUN, "", "ended before it");
    assertThat(headline(FabricatedReports.empty())).isEqualTo("○ Nothing was run");
    assertThat(headline(FabricatedReports.of(ONE))).isEqualTo("✓ Passed: the only case");
    assertThat(headline(FabricatedReports.of(ONE, ONE))).isEqualTo("✓ Passed: all 2 cases");
    assertThat(headline(FabricatedReports.of(ONE, refused))).isEqualTo("✓ Passed: 1 of 2 cases, the other 1 unsupported");
    assertThat(headline(FabricatedReports.of(refused, refused))).isEqualTo("∅ Nothing served: all 2 cases are unsupported");
    assertThat(headline(FabricatedReports.of(ONE, notRun))).isEqualTo("○ Incomplete: 1 of 2 cases not run");
    assertThat(headline(FabricatedReports.of(ONE, failed, notRun))).isEqualTo("✗ Failed: 1 of 3 cases");
  }

  @Test
  void whateverABackendSaysIsText() {
    String nasty = "<script>alert(\"x\")</script> & ]]> --> 'y' \u0000\u001b[31m\u202e \ud800";
    Report report = FabricatedReports.of(FabricatedReports.failed(ONE, "error", nasty), FabricatedReports.refused(ONE, nasty));
    String page = html(report);
    assertThat(page).doesNotContain("<script", "\u202e", "\u001b", "\ud800");
    String found = elements(parsed(page), "p").stream().filter(p -> p.getAttribute("class").equals("found")).findFirst().orElseThrow()
        .getTextContent();
    assertThat(found).isEqualTo("error <script>alert(\"x\")</script> & ]]> --> 'y' \\u0000\\u001b[31m\\u202e \\ud800");
  }

  @Test
  void pagesOfTwoRunsDifferInTimesOnly() {
    Report first = FabricatedReports.manyFailures();
    Report second = new Report(first.subject(), first.run(), new Report.Times("2027-05-06T07:08:09Z", 1.5), first.results().stream()
        .map(result -> new CaseResult(result.test(), result.column(), result.verdict(), result.check(), result.message(), result.measures(),
            result.nanos() * 7 % 1_000_003)).toList());
    assertThat(html(second)).isNotEqualTo(html(first));
    assertThat(withoutTimes(html(second))).isEqualTo(withoutTimes(html(first)));
  }

  @Test
  void aFailureIsRunAgainAsTheRunWas() {
    CaseResult failed = FabricatedReports.failed(ONE, "error", "wrong");
    Report like = FabricatedReports.of(failed);
    Report.Subject subject = new Report.Subject("acme", "", Map.of("name", "it's"), "", "cpu", 1, 1, true, Map.of());
    Report.Run run = like.run();
    Report emulated = new Report(subject, new Report.Run(run.suite(), Optional.empty(), Level.QUICK, Scale.EMULATED, 5, List.of(),
        List.of(), "", "", ""),
        like.times(), like.results());
    assertThat(codes(like)).contains("gatun validate --backend acme -o device=1 --case 'matmul(n=7, w=q4_0)'");
    assertThat(codes(emulated)).contains(
        "gatun validate --backend acme -o 'name=it'\\''s' --emulated --seed 5 --case 'matmul(n=7, w=q4_0)'");
  }

  @Test
  void reasonsThatDifferInNumbersAreOneNote() {
    CaseResult a = FabricatedReports.refused(ONE, "33 is no multiple of 32");
    CaseResult b = FabricatedReports.refused(ONE, "1,065 is no multiple of 32");
    CaseResult c = FabricatedReports.refused(ONE, "no Q4_1 kernel");
    CaseResult d = FabricatedReports.refused(ONE, "no Q4_0 kernel");
    assertThat(elements(parsed(html(FabricatedReports.of(a, b, c, d))), "li").stream()
        .filter(li -> li.getAttribute("id").startsWith("note-"))
        .map(Element::getTextContent)).containsExactly("33 is no multiple of 32 (or other numbers) 2 cases", "no Q4_1 kernel 1 case",
        "no Q4_0 kernel 1 case");
  }

  @Test
  void theWorstErrorIsShownAsAShareOfItsBound() {
    CaseResult small = measured("rms_norm(n=4)", new Measure("y", 1e-12, 1e-10, "a sum"));
    CaseResult large = measured("rms_norm(n=5)", new Measure("y", 4.2e-11, 1e-10, "a longer sum"));
    CaseResult above = measured("softmax(n=6)", new Measure("y", Double.POSITIVE_INFINITY, 1e-6, "exponentials"));
    CaseResult exact = measured("copy(n=6)", new Measure("y", 0, 0, "copies"));
    Document page = parsed(html(FabricatedReports.of(small, large, above, exact)));
    List<String> shares = elements(page, "td").stream().filter(td -> td.getAttribute("class").equals("share"))
        .map(td -> td.getTextContent().strip()).toList();
    List<String> why = elements(page, "td").stream().filter(td -> td.getAttribute("class").equals("why")).map(Element::getTextContent)
        .toList();
    assertThat(shares).containsExactly("42 %", "∞ ✗");
    assertThat(why.getFirst()).startsWith("rms_norm(n=5) y").contains("a longer sum");
    assertThat(page.getDocumentElement().getTextContent()).contains("Held to the exact result instead: copy.");
  }

  private static CaseResult measured(String line, Measure measure) {
    return new CaseResult(TestCase.parse(line), "f32", Verdict.PASS, "", "", List.of(measure), 1);
  }

  private static String headline(Report report) {
    return elements(parsed(html(report)), "h1").getFirst().getTextContent();
  }

  private static List<String> codes(Report report) {
    return elements(parsed(html(report)), "code").stream().map(Element::getTextContent).toList();
  }

  private static String withoutTimes(String page) {
    return page.lines().filter(line -> !line.contains("data-times")).reduce("", (a, b) -> a + "\n" + b);
  }

  static String html(Report report) {
    try {
      StringBuilder page = new StringBuilder();
      ReportHtml.write(report, page);
      return page.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Document parsed(String page) {
    try {
      return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(page)));
    } catch (Exception e) {
      throw new AssertionError("not well-formed: " + e.getMessage(), e);
    }
  }

  private static List<Element> elements(Document page, String tag) {
    NodeList found = page.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      elements.add((Element) found.item(i));
    }
    return elements;
  }
}
