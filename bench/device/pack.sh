#!/usr/bin/env bash
# Packs everything that a bare machine with a GPU needs to examine and measure the CUDA backend: a Java runtime, the jars, run.sh, peers.py. Nothing is built or
# downloaded there. The jars must be built: `mvn -B -ntp package -DskipTests` does that, with -Dgatun.cuda.architectures=sm_90a for one architecture alone.
# Usage: bench/device/pack.sh [FOLDER]; the default is target/device.
set -euo pipefail

readonly ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly OUT=${1:-$ROOT/target/device}
readonly MOST_MEGABYTES=60
readonly MODULES=java.base,java.logging,java.management,jdk.management,jdk.incubator.vector,jdk.unsupported

fail() {
  printf 'pack: %s\n' "$1" >&2
  exit 1
}

# shellcheck source=../../gatun
source "$ROOT/gatun"
find_jdk
jars=("$ROOT"/decoder/target/lib/*.jar)
decoder=''
for jar in "$ROOT"/decoder/target/gatun-decoder-*.jar; do
  case $jar in *-sources.jar | *-javadoc.jar) ;; *) decoder=$jar ;; esac
done
[[ -n $decoder && -e ${jars[0]:-} ]] || fail 'the jars are not built; run mvn -B -ntp package -DskipTests'
[[ -n $(echo "$ROOT"/decoder/target/lib/gatun-cuda-kernels-*.jar) ]] || fail 'the CUDA kernels are not among the jars in decoder/target/lib'

rm -rf "$OUT"
mkdir -p "$OUT/lib"
"$JDK/bin/jlink" --add-modules "$MODULES" --strip-debug --no-header-files --no-man-pages --output "$OUT/runtime"
tar -C "$OUT" --owner=0 --group=0 -cf - runtime | xz -T0 -6 > "$OUT/runtime.tar.xz"
rm -rf "$OUT/runtime"
cp "$decoder" "${jars[@]}" "$OUT/lib/"
cp "$ROOT/bench/device/run.sh" "$ROOT/bench/device/peers.py" "$OUT/"
git -C "$ROOT" describe --always --dirty --exclude '*' > "$OUT/commit" 2> /dev/null || echo unknown > "$OUT/commit"
size=$(du -sm "$OUT" | cut -f1)
((size < MOST_MEGABYTES)) || fail "$OUT has $size MB, and $MOST_MEGABYTES are the most; build the kernels for fewer architectures"
du -sh "$OUT"
