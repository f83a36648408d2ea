/** The operator catalogue, programs and memory of Gatun, and the interface a backend implements. */
module dev.gatun {
  exports dev.gatun;
}
