package dev.gatun.tck.cases;

import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Workbench;

/** Cases of one kind: which there are, and how one is examined. Stateless. */
public interface Family {
  /** The names its cases may use. */
  Signature signature();

  /** Its name: an operator's, or what else is examined. */
  default String name() {
    return signature().family();
  }

  /** The case that {@code like} names, in the one form that its line has. @throws dev.gatun.tck.CaseException for a name that this family does not have */
  default TestCase canonical(TestCase like) {
    return signature().canonical(like);
  }

  /** What a case says, defaults included; inputs are made from {@code seed}. */
  default Values values(TestCase test, long seed) {
    return signature().values(test, seed);
  }

  /** The group that shares a process with it. */
  Group group();

  /** Whether it examines one operator of the catalogue. */
  default boolean isOperator() {
    return false;
  }

  /** Lists its cases at every level. */
  void list(Listing listing);

  /** The dtype that a case is counted under, as labels write it, or {@code -}. */
  String column(Values values);

  /**
   * Examines a case.
   *
   * @throws dev.gatun.tck.CaseException if the values make no case, which only a line typed by hand can do
   * @throws dev.gatun.tck.lab.CheckException where something does not hold
   */
  void examine(Values values, Workbench bench, Findings findings);
}
