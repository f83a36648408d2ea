/** The embedded default backend: the Java Vector API on every core. */
module dev.gatun.cpu {
  requires dev.gatun;
  requires jdk.incubator.vector;
}
