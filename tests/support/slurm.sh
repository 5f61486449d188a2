# Sourced after lib.sh: a Slurm of our own on this machine, controller and node, for one test. Needs root and the packages slurmctld, slurmd,
# slurm-client and munge; where they are absent the test is skipped.
for program in slurmctld slurmd sbatch munged; do
    command -v $program >/dev/null || [ -x /usr/sbin/$program ] || { echo "skipped: no $program"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: slurmd needs root here"; exit 77; }
host=$(hostname -s)
slurm=$work/slurm
mkdir -p "$slurm/state" "$slurm/spool"

slurm_stop() {
    local name
    for name in node controller munge; do
        [ -s "$slurm/$name.pid" ] && kill "$(cat "$slurm/$name.pid")" 2>/dev/null
    done
    sleep 0.5
}
slurm_start_node() {
    /usr/sbin/slurmd -f "$SLURM_CONF" >>"$slurm/out" 2>&1
}
# slurm_wait SECONDS CONDITION...: until the command succeeds.
slurm_wait() {
    local tries=$(($1 * 5))
    shift
    while [ $tries -gt 0 ]; do
        "$@" && return 0
        sleep 0.2
        tries=$((tries - 1))
    done
    return 1
}
slurm_is_up() { sinfo -h -o %T 2>/dev/null | grep -qE '^(idle|mixed|allocated)'; }
slurm_is_empty() { [ -z "$(squeue -h 2>/dev/null)" ]; }

slurm_start() {
    export SLURM_CONF=$slurm/slurm.conf
    head -c 1024 /dev/urandom >"$slurm/munge.key"
    chmod 700 "$slurm"
    chmod 600 "$slurm/munge.key"
    chown munge "$slurm/munge.key" 2>/dev/null
    mkdir -p "$slurm/munge" && chown munge "$slurm/munge" && chmod 755 "$slurm/munge" "$slurm"
    chmod 755 "$work"
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=36817
SlurmdPort=36818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/controller.pid
SlurmdPidFile=$slurm/node.pid
SlurmctldLogFile=$slurm/controller.log
SlurmdLogFile=$slurm/node.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=1
SchedulerParameters=sched_interval=1,batch_sched_delay=1,bf_interval=2
JobRequeue=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=6000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    su -s /bin/sh munge -c "/usr/sbin/munged --socket=$slurm/munge/socket --key-file=$slurm/munge.key --pid-file=$slurm/munge/pid --log-file=$slurm/munge/log --seed-file=$slurm/munge/seed" \
        >"$slurm/out" 2>&1 || { echo "skipped: munged does not start: $(cat "$slurm/out")"; exit 77; }
    cp "$slurm/munge/pid" "$slurm/munge.pid"
    /usr/sbin/slurmctld -f "$SLURM_CONF" >>"$slurm/out" 2>&1
    slurm_start_node
    slurm_wait 60 slurm_is_up || { echo "skipped: Slurm does not start here: $(tail -n 3 "$slurm/out" "$slurm"/*.log)"; slurm_stop; exit 77; }
}
