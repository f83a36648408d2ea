/** Everything a program needs to run operators on any machine: the API, the embedded CPU backend and the CUDA backend. */
module dev.gatun.all {
  requires transitive dev.gatun;
  requires dev.gatun.cpu;
  requires dev.gatun.cuda;
}
