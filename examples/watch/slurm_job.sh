#!/usr/bin/env bash
#SBATCH --job-name=training
#SBATCH --time=24:00:00
# A job that ends itself when its training diverges, and else says whether it was sound.
#
#   sbatch examples/watch/slurm_job.sh LOGDIR COMMAND...
set -u

logdir=$1
shift

tbtools watch "$logdir" --on divergence,nonfinite="scancel $SLURM_JOB_ID" \
    --until finished &
watch=$!
srun "$@"
status=$?
# What was written last is judged before the watch ends.
kill -TERM "$watch" 2>/dev/null
wait "$watch"
tbtools detect "$logdir" --fail-on divergence,nonfinite
exit "$status"
