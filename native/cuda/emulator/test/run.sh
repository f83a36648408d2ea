#!/bin/sh
# Builds the machine, the kernels it is tested with and the tests, and runs them: test/run.sh [build folder]
set -e
here=$(cd "$(dirname "$0")" && pwd)
cuda=$here/../..
out=${1:-$(mktemp -d)}
mkdir -p "$out"
flags="-std=c++17 -O2 -g -ffp-contract=off -fPIC -Wall -Wextra -Werror -fvisibility=hidden -I$cuda/include -I$here/../include"
compile() { # object, source, flags: only what is newer than its object
  if [ ! -e "$1" ] || [ -n "$(find "$here/.." "$cuda/include" "$2" -newer "$1" \( -name '*.h' -o -name '*.cuh' -o -path "$2" \) | head -n 1)" ]; then
    echo "$(basename "$2")"
    g++ $flags $3 -c "$2" -o "$1"
  fi
}
objects=
for source in "$here"/../src/*/*.cpp "$here"/[!d]*.cpp; do
  object=$out/$(basename "$source").o
  compile "$object" "$source" ""
  objects="$objects $object"
done
for source in "$cuda"/kernels/*.cu "$here"/*.cu; do
  [ -e "$source" ] || continue
  object=$out/$(basename "$source").o
  compile "$object" "$source" "-fsanitize=thread,alignment -Wno-unknown-pragmas -x c++ -DGATUN_UNIT=\"$(basename "$source" .cu)\""
  objects="$objects $object"
done
g++ -pthread $objects -ldl -o "$out/machine_test"
"$out/machine_test"
