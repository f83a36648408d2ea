#!/usr/bin/env bash
# Tries the bundle on a machine without a GPU: packs it, runs every part of it on the emulator over tiny sizes, and looks whether each figure has its place in the
# report. The jars must be built, as for pack.sh.
# Usage: bench/device/check.sh [FOLDER]; the default is target/device-check. MINUTES, 2 by default, limits the long parts as it does in run.sh.
set -euo pipefail

readonly ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly OUT=${1:-$ROOT/target/device-check}

fail() {
  printf 'check: %s\n' "$1" >&2
  exit 1
}

rm -rf "$OUT"
mkdir -p "$OUT/tmp"
"$ROOT/bench/device/pack.sh" "$OUT/bundle"
BACKEND=cuda-emulated SCALE=small SUITES=${SUITES:-Norm} MINUTES=${MINUTES:-2} LEVEL=quick GATUN_OPTIONS='--emulated --op rms_norm' TMPDIR=$OUT/tmp \
  "$OUT/bundle/run.sh" "$OUT/results" facts decode kernels suites validate code rates report

readonly RESULTS=$OUT/results
# nvidia-smi and cuobjdump are not everywhere.
bad=$(grep -v ' exit   0 ' "$RESULTS/summary.txt" | grep -v '^device \|^code ' || true)
[[ -z $bad ]] || fail "parts failed:
$bad"
cases=$(grep -c . "$RESULTS/cases.txt")
rows=$(grep -c '"source":"gatun","kernel":"[^c]' "$RESULTS/kernels.out")
((cases == rows)) || fail "$cases cases and $rows rows"
measured=$(grep -c '"status":"measured","m":\|"status":"measured","sequences":' "$RESULTS/kernels.out")
((measured > 0)) || fail "of $rows cases only $measured were measured"
for wanted in 'decode llama-3-8b bf16, share' 'decode llama-3.2-1b bf16, share' 'decode llama-3-8b q4_0, share' 'in 4 bits, times bf16' \
  'matmul square bf16 8192, times cuBLAS' 'attention prefill d=64 h=32/8 16384 full, times' 'attention decode d=128 h=32/8 bf16 131072 m=1, share' \
  'qwen3-4b | f8_e4m3' 'minicpm-2b | bf16, PyTorch' 'deepseek-v2-lite | q4_0' "host's share" 'figures mean nothing'; do
  grep -qF -- "$wanted" "$RESULTS/report.md" || fail "the report has no place for: $wanted"
done
grep -q '</html>' "$RESULTS/report.html" || fail 'the page is cut off'
grep -q '</svg>' "$RESULTS/report.svg" || fail 'the plot is cut off'
grep -q 'test-q4_0' "$RESULTS/report.json" && grep -q 'test-experts-q4_0' "$RESULTS/report.json" || fail 'the rows lack the tokens per second'
printf 'check: %s of %s kernels measured on the emulator, %s parts ran\n' "$measured" "$rows" "$(grep -c . "$RESULTS/summary.txt")"
