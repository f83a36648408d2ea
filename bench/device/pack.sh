#!/usr/bin/env bash
# Packs everything that a bare machine needs to examine and measure the backends: a Java runtime, the jars with the kernels, the suites, run-all, run.sh, peers.py.
# Nothing is built or downloaded there. The jars must be built: `mvn -B -ntp package -DskipTests` does that, with -Dgatun.cuda.architectures=sm_90a for one
# architecture alone; `./gatun bundle` does both.
# Usage: bench/device/pack.sh [FOLDER | FILE.tar.xz]; the default is target/device. Either has under 60 MB.
set -euo pipefail

readonly ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly WANTED=${1:-$ROOT/target/device}
readonly MOST_MEGABYTES=60
readonly MODULES=java.base,java.logging,java.management,jdk.management,jdk.incubator.vector,jdk.unsupported

fail() {
  printf 'pack: %s\n' "$1" >&2
  exit 1
}

# shellcheck source=../../gatun
source "$ROOT/gatun"
find_jdk
jars=("$ROOT"/decoder/target/lib/*.jar "$ROOT"/decoder/target/tornado-emulator/*.jar)
decoder='' suites=''
for jar in "$ROOT"/{decoder/target/gatun-decoder,bench/target/gatun-bench}-*.jar; do
  case $jar in
    *-sources.jar | *-javadoc.jar) ;;
    */gatun-decoder-*) decoder=$jar ;;
    *) suites=$jar ;;
  esac
done
[[ -n $decoder && -e ${jars[0]:-} ]] || fail 'the jars are not built; run mvn -B -ntp package -DskipTests'
libraries=("$ROOT"/bench/target/lib/*.jar)
[[ -n $suites && -e ${libraries[0]:-} ]] || fail 'the jars of the benchmarks are not built; run mvn -B -ntp package -DskipTests'
kernels=$(echo "$ROOT"/decoder/target/lib/gatun-cuda-kernels-*.jar)
if [[ -z $kernels ]] || ! "$JDK/bin/jar" --list --file "$kernels" | grep -q '\.fatbin$'; then
  printf 'pack: without the CUDA kernels, which are not built: build them where nvcc is, with mvn -B -ntp package -DskipTests\n' >&2
fi

# fill FOLDER
fill() {
  local jar library
  mkdir -p "$1/lib" "$1/bench"
  "$JDK/bin/jlink" --add-modules "$MODULES" --strip-debug --no-header-files --no-man-pages --output "$1/runtime"
  cp "$decoder" "${jars[@]}" "$1/lib/"
  cp "$suites" "$1/bench/"
  for jar in "${libraries[@]}"; do
    library=${jar##*/}
    [[ -e $1/lib/$library ]] || cp "$jar" "$1/bench/"
  done
  cp "$ROOT"/bench/device/{run-all,run.sh,peers.py} "$ROOT/LICENSE" "$1/"
  git -C "$ROOT" describe --always --dirty --exclude '*' > "$1/commit" 2> /dev/null || echo unknown > "$1/commit"
}

# check_size PATH
check_size() {
  local size
  size=$(du -sm "$1" | cut -f1)
  ((size < MOST_MEGABYTES)) || fail "$1 has $size MB, and $MOST_MEGABYTES are the most; build the kernels for fewer architectures with -Dgatun.cuda.architectures=sm_90a"
  du -sh "$1"
}

if [[ $WANTED != *.tar.xz ]]; then
  rm -rf "$WANTED"
  fill "$WANTED"
  tar -C "$WANTED" --owner=0 --group=0 -cf - runtime | xz -T0 -6 > "$WANTED/runtime.tar.xz"
  rm -rf "$WANTED/runtime"
  check_size "$WANTED"
  exit 0
fi

mkdir -p "$(dirname "$WANTED")"
work=$(mktemp -d "$(cd "$(dirname "$WANTED")" && pwd)/gatun-bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT
fill "$work/gatun-bundle"
# Written under another name first, so that a bundle that is there is whole.
tar -C "$work" --owner=0 --group=0 --sort=name -cf - gatun-bundle | xz -T0 -6 > "$work/bundle.tar.xz"
check_size "$work/bundle.tar.xz" > /dev/null
mv "$work/bundle.tar.xz" "$WANTED"
du -h "$WANTED"
