/** The validation suite: its cases, an oracle in float64 that shares no code with any backend, and reports. */
module dev.gatun.tck {
  requires transitive dev.gatun;
  requires com.fasterxml.jackson.core;
  requires java.management;
  requires static org.junit.jupiter.api;

  exports dev.gatun.tck;
  exports dev.gatun.tck.junit;
  exports dev.gatun.tck.oracle;
}
