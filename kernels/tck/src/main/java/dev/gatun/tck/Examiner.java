package dev.gatun.tck;

/** Where cases are examined: in this process or in others. */
interface Examiner extends AutoCloseable {
  /** What the backend says of itself. */
  Report.Subject subject();

  /** The scale that cases are examined at. */
  Scale scale();

  /** Examines a case. @throws CaseException if its values make no case */
  CaseResult examine(TestCase test);

  /** Ends what is being examined, as far as that can be ended; called by any thread. */
  void stop();

  @Override
  void close();
}
