#!/usr/bin/env bash
# Examines and measures a backend with what pack.sh packed, and writes every result to a folder, the most telling figures first, since time on a device runs out.
# Each part has a time limit of its own and fails by itself. Weights are made in the device's memory: no model is needed, and no network.
# Usage: run.sh RESULTS [PART...]; all parts that fit the backend in this order by default:
#   facts      the device, its copy bandwidth
#   decode     tokens per second of an 8B and a 1B model in BF16 and Q4_0; on a processor of a 1B model in Q8_0 and Q4_0
#   kernels    kernels one by one, beside PyTorch where it is installed
#   suites     the benchmarks of JMH, class by class
#   validate   the validation suite
#   sanitize   compute-sanitizer on the suite's quick cases (cuda)
#   code       whether the kernels for sm_90a have the instructions of its tensor cores and copy engine, where cuobjdump is (cuda)
#   rates      tokens per second of seven shapes by type, prompt, depth and sequences, beside PyTorch and llama.cpp
#   report     all of it on one page, report.html, and in tables with a plot: report.md, report.svg, report.json
# BACKEND names the backend: cuda where there is a driver and cpu elsewhere by default. MINUTES stretches or shortens the limits of the long parts, 10 by default.
# SCALE=full, processor or small chooses the sizes by hand; small is for an emulator, whose figures mean nothing. LEVEL is another level of the suite (quick on a
# processor and at small sizes, standard elsewhere), GATUN_OPTIONS more words for `gatun validate`, SUITES the benchmarks of JMH that are wanted, a regular expression.
set -uo pipefail
shopt -s nullglob

readonly HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if (($# == 0)) || [[ ! -r $HERE/runtime.tar.xz && ! -x $HERE/runtime/bin/java ]]; then
  echo 'run: wanted is a folder for the results: run.sh RESULTS [PART...], in the folder that pack.sh made' >&2
  exit 2
fi
mkdir -p "$1" || exit 2
readonly RESULTS=$(cd "$1" && pwd)
shift

# As far as files tell, without asking the driver.
has_driver() {
  local files=(/dev/nvidiactl /dev/nvidia0 /usr/lib/wsl/lib/libcuda.so.1 /usr/lib/*/libcuda.so.1 /usr/lib64/libcuda.so.1) file
  for file in "${files[@]}"; do
    if [[ -e $file ]]; then return 0; fi
  done
  return 1
}

default_backend() {
  if has_driver; then echo cuda; else echo cpu; fi
}

default_scale() {
  case $BACKEND in
    *emulated) echo small ;;
    cpu) echo processor ;;
    *) echo full ;;
  esac
}

readonly BACKEND=${BACKEND:-$(default_backend)}
readonly SCALE=${SCALE:-$(default_scale)}
readonly MINUTES=${MINUTES:-10}
readonly WORK=${TMPDIR:-/tmp}/gatun-device
readonly COMMIT=$(cat "$HERE/commit")
export LC_ALL=${LC_ALL:-C.UTF-8}

case $SCALE in
  small)
    readonly SHAPES=(test) HEADLINE=(test) HEADLINE_TYPES=(bf16 q4_0) TYPES=(bf16 q4_0) PROMPTS=(16 24) DEPTHS=(0 40) SEQUENCES=(1 2) TOKENS=4 REPEATS=1
    readonly LEVEL=${LEVEL:-quick} ITERATIONS='-f 1 -wi 1 -i 2 -w 50ms -r 50ms' SPARSE=(test-experts) SPARSE_TYPES=(q4_0)
    ;;
  processor)
    readonly SHAPES=(llama-3.2-1b qwen3-0.6b) HEADLINE=(llama-3.2-1b) HEADLINE_TYPES=(q4_0 q8_0) TYPES=(q4_0 q8_0) PROMPTS=(128 512) DEPTHS=(0 1024) SEQUENCES=(1 4)
    readonly TOKENS=32 REPEATS=5 LEVEL=${LEVEL:-quick} ITERATIONS='-f 1 -wi 2 -i 5 -w 300ms -r 300ms' SPARSE=() SPARSE_TYPES=()
    ;;
  full)
    readonly SHAPES=(llama-3-8b llama-3.2-1b qwen3-4b minicpm-2b) HEADLINE=(llama-3-8b llama-3.2-1b) HEADLINE_TYPES=(bf16 q4_0) TYPES=(bf16 q4_0 q8_0 q4_k)
    readonly PROMPTS=(512 4096) DEPTHS=(0 8192 32768) SEQUENCES=(1 8 32) TOKENS=128 REPEATS=3 LEVEL=${LEVEL:-standard}
    readonly ITERATIONS='-f 1 -wi 2 -i 5 -w 300ms -r 300ms' SPARSE=(qwen3-30b-a3b deepseek-v2-lite minicpm3-4b) SPARSE_TYPES=(bf16 q4_0 q8_0)
    ;;
  *)
    echo "run: no scale '$SCALE'; there are: full, processor, small" >&2
    exit 2
    ;;
esac

readonly ALL=(facts decode kernels suites validate sanitize code rates report)
case $BACKEND in
  cuda) readonly PARTS=("${ALL[@]}") ;;
  *) readonly PARTS=(facts decode kernels suites validate rates report) ;;
esac

if [[ -x $HERE/runtime/bin/java ]]; then
  readonly RUNTIME=$HERE/runtime
else
  readonly RUNTIME=$WORK/runtime
  if [[ ! -x $RUNTIME/bin/java ]]; then
    mkdir -p "$WORK"
    tar -C "$WORK" -xJf "$HERE/runtime.tar.xz"
  fi
fi

modules=jdk.incubator.vector,dev.gatun.cpu,dev.gatun.cuda,dev.gatun.tornado,tornado.api
for jar in "$HERE"/lib/gatun-{cpu-native,cuda-kernels,cuda-emulator}-*.jar; do
  case $jar in
    *gatun-cpu-native-*) modules+=,dev.gatun.cpu.kernels ;;
    *gatun-cuda-kernels-*) modules+=,dev.gatun.cuda.kernels ;;
    *) modules+=,dev.gatun.cuda.emulator ;;
  esac
done

JAVA=("$RUNTIME/bin/java" -Xmx4g -XX:+UseSerialGC --module-path "$HERE/lib" --add-modules "$modules"
  --enable-native-access=dev.gatun,dev.gatun.cpu,dev.gatun.decoder,dev.gatun.ffi,dev.gatun.cuda "-Dgatun.commit=$COMMIT"
  -m dev.gatun.decoder/dev.gatun.decoder.cli.GatunCommand)

# part NAME SECONDS COMMAND...: standard output to NAME.out, the rest to NAME.err.
part() {
  local name=$1 limit=$2 started=$SECONDS code=0
  shift 2
  timeout --kill-after=10 "$limit" "$@" < /dev/null > "$RESULTS/$name.out" 2> "$RESULTS/$name.err" || code=$?
  printf '%-46s exit %3d after %4d s\n' "$name" "$code" "$((SECONDS - started))" | tee -a "$RESULTS/summary.txt"
}

# peers NAME SECONDS WORDS...: PyTorch on the same cases, on a GPU.
peers() {
  if command -v python3 > /dev/null; then
    part "$1" "$2" python3 -B "$HERE/peers.py" "${@:3}"
  else
    printf '%-46s not run: no python3 on the PATH\n' "$1" | tee -a "$RESULTS/summary.txt"
  fi
}

# A limit in seconds for MINUTES=10, for the minutes there are.
share() {
  echo "$(($1 * MINUTES / 10 + 1))"
}

facts() {
  if [[ $BACKEND == cuda ]]; then part device 30 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit --format=csv; fi
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
    for type in "${HEADLINE_TYPES[@]}"; do bench "$shape" "$type" "${PROMPTS[0]}" "$TOKENS" 0 1; done
  done
}

kernels() {
  local sizes=$SCALE
  if [[ $SCALE == processor ]]; then sizes=full; fi
  part kernels "$(($(share 200) + 60))" "${JAVA[@]}" kernels --backend "$BACKEND" --scale "$sizes" --seconds "$(share 200)" --json
  "${JAVA[@]}" kernels --scale "$sizes" --list --json > "$RESULTS/cases.txt" 2> /dev/null
  peers peers-kernels "$(($(share 200) + 60))" kernels "$RESULTS/cases.txt" "$(share 200)"
}

SUITE=("$RUNTIME/bin/java" -Xmx1g --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED "-Dgatun.commit=$COMMIT"
  -cp "$HERE/bench/*:$HERE/lib/*" dev.gatun.bench.Main)

# JMH writes its results at the end of a run: one class a run, so that those before the end of the time are kept.
suites() {
  local until=$((SECONDS + $(share 600))) classes class left
  classes=$("${SUITE[@]}" -l "${SUITES:-.}" 2> /dev/null | sed -n 's/^\(dev\.gatun\..*\)\.[^.]*$/\1/p' | sort -u)
  if [[ -z $classes ]]; then printf '%-46s not run: no benchmark is called %s\n' suites "${SUITES:-anything}" | tee -a "$RESULTS/summary.txt"; fi
  for class in $(grep -E 'Matmul|Attention|Call' <<< "$classes") $(grep -vE 'Matmul|Attention|Call' <<< "$classes"); do
    left=$((until - SECONDS))
    if ((left > 5)); then
      # No class takes the time of all others.
      if ((left > 120)); then left=$((left / 2)); fi
      # shellcheck disable=SC2086
      part "suite-${class##*.}" "$left" "${SUITE[@]}" "^${class//./\\.}\\." $ITERATIONS -p "backend=$BACKEND" -foe false -rf json -rff "$RESULTS/suite-${class##*.}.json"
      mv "$RESULTS/suite-${class##*.}.out" "$RESULTS/suite-${class##*.}.txt"
    else
      printf '%-46s not run: out of time; MINUTES gives more\n' "suite-${class##*.}" | tee -a "$RESULTS/summary.txt"
    fi
  done
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
  [[ -x $dump ]] || { echo 'no cuobjdump: the instructions were not looked at'; return 1; }
  folder=$(mktemp -d)
  (cd "$folder" && python3 -m zipfile -e "$(echo "$HERE"/lib/gatun-cuda-kernels-*.jar)" .) || return 1
  for image in "$folder"/META-INF/gatun/cuda/*_warpgroup*.fatbin; do
    unit=$((unit + 1))
    "$dump" -sass -arch sm_90a "$image" | awk -v unit="$(basename "$image" .fatbin)" '
      function tell() { if (name != "") { print unit, name, "tensor cores", tensor, "bulk copies", bulk; if (!tensor || !bulk) bad = 1 } }
      /Function :/ { tell(); seen = 1; name = $NF; tensor = 0; bulk = 0 }
      /HGMMA|QGMMA|IGMMA/ { tensor++ }
      /UBLKCP|UTMALDG/ { bulk++ }
      END { tell(); exit bad || !seen }' || bad=1
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

# Shapes by their types, as SHAPE:TYPE.
models() {
  local shape type
  for shape in "${SHAPES[@]}"; do
    for type in "${TYPES[@]}"; do echo "$shape:$type"; done
  done
  for shape in ${SPARSE[@]+"${SPARSE[@]}"}; do
    for type in "${SPARSE_TYPES[@]}"; do echo "$shape:$type"; done
  done
}

rates() {
  local until=$((SECONDS + $(share 600))) shape type depth sequences
  for sequences in "${SEQUENCES[@]}"; do
    for depth in "${DEPTHS[@]}"; do
      while IFS=: read -r shape type; do
        if ((SECONDS < until)); then
          if ((depth == 0 && sequences == 1)); then
            bench "$shape" "$type" "${PROMPTS[0]}" "$TOKENS" 0 1
            bench "$shape" "$type" "${PROMPTS[1]}" 0 0 1
          else
            bench "$shape" "$type" 0 "$TOKENS" "$depth" "$sequences"
          fi
        fi
      done < <(models)
    done
  done
  peers peers-decode "$(share 360)" decode "${SHAPES[*]}" "$(share 300)"
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
  local tables=figures.md
  # The table of targets is one of GPUs.
  if [[ $SCALE == processor ]]; then tables=report.md; fi
  part report 60 "${JAVA[@]}" report --results "$RESULTS" --html "$RESULTS/report.html" --markdown "$RESULTS/$tables"
}

if (($# == 0)); then set -- "${PARTS[@]}"; fi
for wanted in "$@"; do
  [[ " ${ALL[*]} " == *" $wanted "* ]] || { echo "run: no part '$wanted'; there are: ${ALL[*]}" >&2; exit 2; }
  "$wanted"
done
printf '%s\n' "$RESULTS/report.html"
