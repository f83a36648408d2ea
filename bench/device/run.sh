#!/usr/bin/env bash
# Examines and measures the CUDA backend with what pack.sh packed, and writes every result to a folder. Each part has a time limit of its own and fails by itself.
# Usage: run.sh RESULTS [PART...]; parts: facts validate sanitize speed; all by default.
# BACKEND names another backend, LEVEL another level of the suite, TYPES other weight types to measure, GATUN_OPTIONS more words for `gatun validate`.
set -uo pipefail
shopt -s nullglob

readonly HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if (($# == 0)) || [[ ! -r $HERE/runtime.tar.xz ]]; then
  echo 'run: wanted is a folder for the results: run.sh RESULTS [PART...], in the folder that pack.sh made' >&2
  exit 2
fi
mkdir -p "$1" || exit 2
readonly RESULTS=$(cd "$1" && pwd)
shift
readonly BACKEND=${BACKEND:-cuda}
readonly LEVEL=${LEVEL:-standard}
readonly WORK=${TMPDIR:-/tmp}/gatun-device
readonly COMMIT=$(cat "$HERE/commit")

if [[ ! -x $WORK/runtime/bin/java ]]; then
  mkdir -p "$WORK"
  tar -C "$WORK" -xJf "$HERE/runtime.tar.xz"
fi

modules=jdk.incubator.vector,dev.gatun.cpu,dev.gatun.cuda
for jar in "$HERE"/lib/gatun-cuda-{kernels,emulator}-*.jar; do
  case $jar in
    *gatun-cuda-kernels-*) modules+=,dev.gatun.cuda.kernels ;;
    *) modules+=,dev.gatun.cuda.emulator ;;
  esac
done

JAVA=("$WORK/runtime/bin/java" -Xmx4g -XX:+UseSerialGC --module-path "$HERE/lib" --add-modules "$modules"
  --enable-native-access=dev.gatun,dev.gatun.cpu,dev.gatun.decoder,dev.gatun.ffi "-Dgatun.commit=$COMMIT"
  -m dev.gatun.decoder/dev.gatun.decoder.cli.GatunCommand)

# part NAME SECONDS COMMAND...: standard output to NAME.out, the rest to NAME.err.
part() {
  local name=$1 limit=$2 started=$SECONDS code=0
  shift 2
  timeout --kill-after=10 "$limit" "$@" > "$RESULTS/$name.out" 2> "$RESULTS/$name.err" || code=$?
  printf '%-22s exit %3d after %4d s\n' "$name" "$code" "$((SECONDS - started))" | tee -a "$RESULTS/summary.txt"
}

facts() {
  part device 30 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit --format=csv
  part backends 120 "${JAVA[@]}" backends --measure
}

validate() {
  # shellcheck disable=SC2086
  part validate 900 "${JAVA[@]}" validate --backend "$BACKEND" --level "$LEVEL" --json "$RESULTS/validation.json" --html "$RESULTS/validation.html" ${GATUN_OPTIONS:-}
}

# The tools of the toolkit slow a kernel down a hundredfold: the quick cases of what indexes the most.
sanitize() {
  local sanitizer tool
  sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
  for tool in memcheck racecheck; do
    part "sanitize-$tool" 300 "$sanitizer" --tool "$tool" --error-exitcode 9 --target-processes all "${JAVA[@]}" \
      validate --backend "$BACKEND" --level quick --emulated --in-process --op matmul,attention,sample,top_k,quantize
  done
}

speed() {
  local type
  for type in ${TYPES:-q4_0 q8_0 bf16}; do
    part "bench-$type" 180 "${JAVA[@]}" bench --backend "$BACKEND" --type "$type" -p 512 -n 128 -r 5 --json
  done
}

if (($# == 0)); then set -- facts validate sanitize speed; fi
for wanted in "$@"; do
  case $wanted in
    facts | validate | sanitize | speed) "$wanted" ;;
    *) echo "run: no part '$wanted'; there are: facts validate sanitize speed" >&2; exit 2 ;;
  esac
done
