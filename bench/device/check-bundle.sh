#!/usr/bin/env bash
# Tries `gatun bundle` on a machine like the one it goes to: packs it, unpacks it in an empty folder, and runs it with an empty environment, without network where
# unshare can take that away. The sizes are tiny ones, so that this takes a minute or two.
# Usage: bench/device/check-bundle.sh [BUNDLE.tar.xz]; without one it is packed first, for which the jars must be built.
set -euo pipefail

readonly ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

fail() {
  printf 'check-bundle: %s\n' "$1" >&2
  tail -n 5 "$WORK"/results/*.err >&2 2> /dev/null || true
  exit 1
}

bundle=${1:-}
if [[ -z $bundle ]]; then
  bundle=$WORK/bundle.tar.xz
  "$ROOT/bench/device/pack.sh" "$bundle"
fi
mkdir "$WORK/empty"
tar -C "$WORK/empty" -xJf "$bundle"
[[ $(ls "$WORK/empty") == gatun-bundle ]] || fail 'the archive holds more than one folder'
cd "$WORK/empty"
alone=()
# JMH speaks with its forks over the loopback device, which a machine without network has too.
if unshare -rn ip link set lo up 2> /dev/null; then
  alone=(unshare -rn /bin/sh -c 'ip link set lo up && exec "$@"' sh)
else
  printf 'check-bundle: unshare and ip take no network away here, so there is one\n' >&2
fi

"${alone[@]}" env -i /bin/bash gatun-bundle/run-all --help | grep -q BACKEND || fail '--help tells nothing'
"${alone[@]}" env -i BACKEND=cpu SCALE=small MINUTES=1 SUITES="${SUITES:-Norm}" GATUN_OPTIONS='--op rms_norm' /bin/bash gatun-bundle/run-all "$WORK/results" \
  facts decode kernels suites validate report || fail 'it failed'
bad=$(grep -v ' exit   0 \| not run: ' "$WORK/results/summary.txt" || true)
[[ -z $bad ]] || fail "parts failed:
$bad"
grep -q '</html>' "$WORK/results/report.html" || fail 'there is no page'
grep -q 'test-q4' "$WORK/results/report.html" || fail 'the page lacks the tokens per second'
grep -q '"verdict"' "$WORK/results/validation.json" || fail 'the validation has no verdicts'
ls "$WORK"/results/suite-*.json > /dev/null 2>&1 || fail "no benchmark of JMH ran that is called ${SUITES:-Norm}"
[[ -z $(find "$WORK/empty" -newer "$WORK/empty/gatun-bundle/run-all" -path '*/results/*' -print -quit) ]] || fail 'something was written beside the results'
printf 'check-bundle: %s parts ran\n' "$(grep -c . "$WORK/results/summary.txt")"
