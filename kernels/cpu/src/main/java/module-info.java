/** The embedded default backend: the Java Vector API on every core. */
module dev.gatun.cpu {
  requires dev.gatun;
  requires java.management;
  requires jdk.management;
  requires jdk.incubator.vector;

  provides dev.gatun.spi.BackendProvider with
      dev.gatun.cpu.CpuProvider;
}
