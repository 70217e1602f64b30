#!/usr/bin/env bash
# Builds everything with warnings as errors, runs all tests and the benchmarks' regression gate. Ends with a line "N passed, N failed".
# Usage: ./test.sh [--long] [--filter EXPRESSION]     (all but --long is passed on to dotnet test)
# --long: the fault suite runs OM_FAULT_SCHEDULES (100) schedules of each kind instead of a few; hours. See tests/Faults/README.md and
# tests/Topology/README.md.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

hang=5m
if [ "${1:-}" = "--long" ]; then
  export OM_LONG=1 OM_FAULT_SCHEDULES="${OM_FAULT_SCHEDULES:-100}"
  hang=20m
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

# The Azure storage tests talk to Azurite, the Redis tests start servers of their own, the cluster tests need both. What is missing is
# installed (Azurite by npm, once per user; redis-server by apt when this runs as root); where that is not possible they are skipped, and say so.
if azurite=$(scripts/find-azurite); then
  export AZURITE_BLOB=$azurite
fi
if redis=$(scripts/find-redis); then
  export REDIS_SERVER=$redis
fi

# One project at a time: the tests start servers and silos, and small machines have two cores.
for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  dotnet test "$project" -c Release --no-build --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
    --blame-hang-timeout $hang --blame-hang-dump-type none "$@" || status=1
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

[ "$skipped" -eq 0 ] || echo "$skipped skipped; why is said above."
echo "$passed passed, $failed failed"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
