#!/usr/bin/env bash
# Examines and measures the CUDA backend with what pack.sh packed, and writes every result to a folder, the most telling figures first, since time on a device
# runs out. Each part has a time limit of its own and fails by itself. Weights are made in the device's memory: no model is needed, and no network.
# Usage: run.sh RESULTS [PART...]; all parts in this order by default:
#   facts      the device, its copy bandwidth
#   decode     tokens per second of an 8B and a 1B model in BF16 and Q4_0
#   kernels    kernels one by one, beside PyTorch where it is installed
#   validate   the validation suite
#   sanitize   compute-sanitizer on the suite's quick cases
#   code       whether the kernels for sm_90a have the instructions of its tensor cores and copy engine, where cuobjdump is
#   rates      tokens per second of four shapes by type, prompt, depth and sequences, beside PyTorch and llama.cpp
#   report     all of it in one table, with a plot: report.md, report.svg, report.json
# BACKEND names another backend, LEVEL another level of the suite, GATUN_OPTIONS more words for `gatun validate`; SCALE=small takes tiny sizes, to try this script
# on an emulator; MINUTES stretches or shortens the limits of the long parts, 10 by default.
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
readonly SCALE=${SCALE:-full}
readonly MINUTES=${MINUTES:-10}
readonly WORK=${TMPDIR:-/tmp}/gatun-device
readonly COMMIT=$(cat "$HERE/commit")
readonly PARTS=(facts decode kernels validate sanitize code rates report)

if [[ $SCALE == small ]]; then
  readonly SHAPES=(test) HEADLINE=(test) TYPES=(bf16 q4_0) PROMPTS=(16 24) DEPTHS=(0 40) SEQUENCES=(1 2) TOKENS=4 REPEATS=1
else
  readonly SHAPES=(llama-3-8b llama-3.2-1b qwen3-4b minicpm-2b) HEADLINE=(llama-3-8b llama-3.2-1b) TYPES=(bf16 q4_0 q8_0 q4_k)
  readonly PROMPTS=(512 4096) DEPTHS=(0 8192 32768) SEQUENCES=(1 8 32) TOKENS=128 REPEATS=3
fi

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
  printf '%-46s exit %3d after %4d s\n' "$name" "$code" "$((SECONDS - started))" | tee -a "$RESULTS/summary.txt"
}

# A limit in seconds for MINUTES=10, for the minutes there are.
share() {
  echo "$(($1 * MINUTES / 10 + 1))"
}

facts() {
  part device 30 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit --format=csv
  part backends 120 "${JAVA[@]}" backends --measure
}

# bench SHAPE TYPE PROMPT TOKENS DEPTH SEQUENCES
bench() {
  local context=$(($5 + ($3 > $4 ? $3 : $4) + 16))
  if [[ -s $RESULTS/bench-$1-$2-p$3-d$5-m$6.out ]]; then return; fi
  part "bench-$1-$2-p$3-d$5-m$6" 120 "${JAVA[@]}" bench --backend "$BACKEND" --shape "$1" --type "$2" --made --pretend --cache-type bf16 \
    -p "$3" -n "$4" -d "$5" --sequences "$6" --context "$context" -r "$REPEATS" --json
}

decode() {
  local shape type
  for shape in "${HEADLINE[@]}"; do
    for type in bf16 q4_0; do bench "$shape" "$type" "${PROMPTS[0]}" "$TOKENS" 0 1; done
  done
}

kernels() {
  part kernels "$(share 240)" "${JAVA[@]}" kernels --backend "$BACKEND" --scale "$SCALE" --seconds "$(share 200)" --json
  "${JAVA[@]}" kernels --scale "$SCALE" --list --json > "$RESULTS/cases.txt" 2> /dev/null
  part peers-kernels "$(share 240)" python3 "$HERE/peers.py" kernels "$RESULTS/cases.txt" "$(share 200)"
}

validate() {
  # shellcheck disable=SC2086
  part validate "$(share 900)" "${JAVA[@]}" validate --backend "$BACKEND" --level "$LEVEL" --json "$RESULTS/validation.json" \
    --html "$RESULTS/validation.html" ${GATUN_OPTIONS:-}
}

# The tools of the toolkit slow a kernel down a hundredfold: the quick cases of what indexes the most.
sanitize() {
  local sanitizer tool
  sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
  for tool in memcheck racecheck; do
    part "sanitize-$tool" "$(share 300)" "$sanitizer" --tool "$tool" --error-exitcode 9 --target-processes all "${JAVA[@]}" \
      validate --backend "$BACKEND" --level quick --emulated --in-process --op matmul,attention,sample,top_k,quantize
  done
}

# HGMMA or QGMMA: wgmma; UBLKCP and UTMALDG: bulk copies, without and with a tensor map.
instructions() {
  local dump image unit=0 bad=0 folder
  dump=$(command -v cuobjdump || echo /usr/local/cuda/bin/cuobjdump)
  folder=$(mktemp -d)
  (cd "$folder" && python3 -m zipfile -e "$(echo "$HERE"/lib/gatun-cuda-kernels-*.jar)" .) || return 1
  for image in "$folder"/META-INF/gatun/cuda/*_warpgroup*.fatbin; do
    unit=$((unit + 1))
    "$dump" -sass -arch sm_90a "$image" | awk -v unit="$(basename "$image" .fatbin)" '
      function tell() { if (name != "") { print unit, name, "tensor cores", tensor, "bulk copies", bulk; if (!tensor || !bulk) bad = 1 } }
      /Function :/ { tell(); name = $NF; tensor = 0; bulk = 0 }
      /HGMMA|QGMMA|IGMMA/ { tensor++ }
      /UBLKCP|UTMALDG/ { bulk++ }
      END { tell(); exit bad }' || bad=1
  done
  rm -rf "$folder"
  ((unit > 0)) || echo 'no unit is named warpgroup'
  return "$bad"
}

code() {
  export HERE
  export -f instructions
  part code 120 bash -c instructions
}

rates() {
  local until=$((SECONDS + $(share 600))) shape type depth sequences
  for sequences in "${SEQUENCES[@]}"; do
    for depth in "${DEPTHS[@]}"; do
      for shape in "${SHAPES[@]}"; do
        for type in "${TYPES[@]}"; do
          if ((SECONDS < until)); then
            if ((depth == 0 && sequences == 1)); then
              bench "$shape" "$type" "${PROMPTS[0]}" "$TOKENS" 0 1
              bench "$shape" "$type" "${PROMPTS[1]}" 0 0 1
            else
              bench "$shape" "$type" 0 "$TOKENS" "$depth" "$sequences"
            fi
          fi
        done
      done
    done
  done
  part peers-decode "$(share 360)" python3 "$HERE/peers.py" decode "${SHAPES[*]}" "$(share 300)"
  llama
}

# llama.cpp reads files alone: that of the 1B model, made once, where a build of it is on the PATH.
llama() {
  local type file
  command -v llama-bench > /dev/null || return 0
  for type in q4_0 q8_0 bf16; do
    part "model-$type" 120 "${JAVA[@]}" bench --backend cpu --shape llama-3.2-1b --type "$type" -p 0 -n 1 -r 1 --json
    file=${XDG_CACHE_HOME:-$HOME/.cache}/gatun/llama-3.2-1b-$type.gguf
    rm -f "$RESULTS/model-$type.out"
    part "llama-$type" 120 llama-bench -m "$file" -p 512 -n 128 -r 3 -fa 1 -o json
    mv "$RESULTS/llama-$type.out" "$RESULTS/llama-$type.json"
  done
}

report() {
  part report 60 "${JAVA[@]}" report --results "$RESULTS"
}

if (($# == 0)); then set -- "${PARTS[@]}"; fi
for wanted in "$@"; do
  [[ " ${PARTS[*]} " == *" $wanted "* ]] || { echo "run: no part '$wanted'; there are: ${PARTS[*]}" >&2; exit 2; }
  "$wanted"
done
