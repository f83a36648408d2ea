/** The validation suite: its cases, an oracle in float64 that shares no code with any backend, and reports. */
module dev.gatun.tck {
  requires transitive dev.gatun;
  requires com.fasterxml.jackson.core;
  requires java.management;

  exports dev.gatun.tck;
  exports dev.gatun.tck.oracle;
}
