/** The validation suite: an oracle in float64 that shares no code with any backend. */
module dev.gatun.tck {
  requires transitive dev.gatun;

  exports dev.gatun.tck.oracle;
}
