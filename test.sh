#!/usr/bin/env bash
# Builds everything with warnings as errors, runs all tests and the benchmarks' regression gate. Ends with a line "N passed, N failed[, N skipped]".
# Usage: ./test.sh [--long] [--filter EXPRESSION]     (all but --long is passed on to dotnet test)
# --long: the fault suite runs OM_FAULT_SCHEDULES (100) schedules of each kind instead of a few; more than an hour. See tests/Faults/README.md.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if [ "${1:-}" = "--long" ]; then
  export OM_LONG=1 OM_FAULT_SCHEDULES="${OM_FAULT_SCHEDULES:-100}"
  shift
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# From test result files: the sum of one counter.
sum() {
  cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}

status=0
dotnet build OrleansMetrics.sln -c Release -warnaserror || status=$?
if [ "$status" -ne 0 ]; then
  echo "The build failed."
  echo "0 passed, 1 failed"
  exit 1
fi

# The Azure storage tests talk to Azurite. npm brings it, once per user; without npm they are skipped, and say so.
if [ -z "${AZURITE_BLOB:-}" ]; then
  azurite=${XDG_CACHE_HOME:-$HOME/.cache}/orleansmetrics/azurite-3.35.0
  export AZURITE_BLOB=$azurite/node_modules/.bin/azurite-blob
  if [ ! -e "$AZURITE_BLOB" ] && command -v npm >/dev/null; then
    mkdir -p "$azurite.$$"
    npm install --prefix "$azurite.$$" --no-audit --no-fund --loglevel=error azurite@3.35.0 && mv -T "$azurite.$$" "$azurite"
    rm -rf "$azurite.$$"
  fi
fi

# The Redis tests start servers of their own. Debian's redis-tools brings the program without a service: redis-check-rdb under another
# name. Without it they are skipped, and say so.
if [ -z "${REDIS_SERVER:-}" ] && ! command -v redis-server >/dev/null; then
  if ! command -v redis-check-rdb >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-tools
  fi
  if command -v redis-check-rdb >/dev/null; then
    export REDIS_SERVER=$results/redis-server
    ln -s "$(command -v redis-check-rdb)" "$REDIS_SERVER"
  fi
fi

# One project at a time: the tests start servers and silos, and small machines have two cores.
for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  dotnet test "$project" -c Release --no-build --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
    --blame-hang-timeout 5m --blame-hang-dump-type none "$@" || status=1
done

passed=$(sum passed)
failed=$(sum failed)
total=$(sum total)
skipped=$((total - passed - failed))

# The regression gate counts as one test: what a point costs the node against a yardstick in the same run. Not when only some tests were asked for.
if [ $# -eq 0 ]; then
  dotnet benchmarks/bin/Release/net10.0/OrleansMetrics.Benchmarks.dll gate
  case $? in
    0) passed=$((passed + 1)) ;;
    3) skipped=$((skipped + 1)) ;; # CPU time of processes cannot be read here
    *) failed=$((failed + 1)) status=1 ;;
  esac
fi

if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  failed=1 # a test host that broke off has no counters
fi

line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
