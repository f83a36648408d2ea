/** The operator catalogue, programs and memory of Gatun, and the interface a backend implements. */
module dev.gatun {
  exports dev.gatun;
  exports dev.gatun.spi;

  uses dev.gatun.spi.BackendProvider;
}
