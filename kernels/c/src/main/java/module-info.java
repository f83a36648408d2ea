/** The adapter between the backend interface and shared libraries that export the functions of {@code gatun_backend.h}. */
module dev.gatun.c {
  requires transitive dev.gatun;

  exports dev.gatun.c;
}
