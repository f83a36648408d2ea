#!/usr/bin/env bash
# Tries the regression gate: measures a base, measures it again unchanged ten times, and once with a kernel slowed down on purpose. Nothing unchanged
# may be flagged and the slowed kernel must be. Exits 0 if so.
# Usage: bench/gate-check.sh [FOLDER]; the default is target/gate-check.
# On a machine that others use too, one thread (-t 1, as here) is disturbed far less than all.
# SHAPE, TYPE, TESTS, REPEATS, RUNS and SLOW choose the model, what is measured, how often, and what is slowed; GATUN another launcher.
set -euo pipefail

ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
OUT=${1:-$ROOT/target/gate-check}
GATUN=${GATUN:-$ROOT/gatun}
SHAPE=${SHAPE:-smollm2-135m}
TYPE=${TYPE:-q8_0}
TESTS=${TESTS:--p 64 -n 24 -t 1}
REPEATS=${REPEATS:-20}
RUNS=${RUNS:-10}
SLOW=${SLOW:-matmul:1.5}

mkdir -p "$OUT"
read -r -a tests <<< "$TESTS"
"$GATUN" bench --backend cpu --shape "$SHAPE" --type "$TYPE" "${tests[@]}" -r "$REPEATS" --save "$OUT/base.json" --output md

# A comparison with the base under the name $1; its exit code in CODE.
compare() {
  CODE=0
  "$GATUN" bench --compare "$OUT/base.json" --save "$OUT/$1.json" > "$OUT/$1.md" 2> "$OUT/$1.err" || CODE=$?
  printf '\n%s: exit code %s\n' "$1" "$CODE"
  cat "$OUT/$1.err" "$OUT/$1.md"
}

flagged=0
for ((run = 1; run <= RUNS; run++)); do
  compare "unchanged-$run"
  if ((CODE > 1)); then exit "$CODE"; fi
  if ((CODE == 1)); then flagged=$((flagged + 1)); fi
done
GATUN_JVM_ARGS="${GATUN_JVM_ARGS:-} -Dgatun.cpu.slow=$SLOW" compare slowed
slowed=$CODE

printf '\n%s of %s unchanged runs were flagged; the slowed kernel (%s) was %s\n' "$flagged" "$RUNS" "$SLOW" "$( ((slowed == 1)) && echo flagged || echo NOT flagged)"
((flagged == 0 && slowed == 1))
