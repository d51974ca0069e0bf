#!/usr/bin/env bash
# Stops a training that has gone wrong: looks at its logs every few minutes, and ends it when
# `tbtools detect` says that it diverged or that its values are no numbers any more.
#
#   examples/stop_diverged_job.sh LOGDIR PID [SECONDS]
#
# On a cluster, put `scancel "$JOB"` or the like where `kill` stands.
set -u

logdir=$1
pid=$2
interval=${3:-300}

while kill -0 "$pid" 2>/dev/null; do
    tbtools detect "$logdir" --fail-on divergence,nonfinite >findings.txt 2>&1
    case $? in
    0) ;;
    1)
        kill "$pid"
        echo "stopped process $pid:"
        cat findings.txt
        exit 1
        ;;
    *) echo "cannot judge yet: $(tail -n 1 findings.txt)" ;;
    esac
    sleep "$interval"
done
