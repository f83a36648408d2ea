/** Everything a program needs to run operators on any machine: the API and the embedded CPU backend. */
module dev.gatun.all {
  requires transitive dev.gatun;
  requires dev.gatun.cpu;
}
