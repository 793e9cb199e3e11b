#!/usr/bin/env bash
# test_hosts.sh GRADUS MPIRUN: a training on three hosts of its own, which are network namespaces with a switch between them: with
# delay and loss on their links it comes to the same bits as on one, and when a link is cut all ranks end.
# It needs root, iproute2 and Open MPI, and says so where it cannot run.
set -uo pipefail
mpirun=$2
here=$$
hosts=(a b c)

skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
command -v ip >/dev/null || skip "no ip here (Debian package iproute2)"
gone() {
  for host in "${hosts[@]}"; do ip netns del "g$here$host" 2>/dev/null; done
  ip link del "g$here" 2>/dev/null
  true
}
make_hosts() {
  ip link add "g$here" type bridge && ip link set "g$here" up || return
  for i in 0 1 2; do
    local name=g$here${hosts[i]}
    ip netns add "$name" && ip link add "$name" type veth peer name eth0 netns "$name" || return
    ip link set "$name" master "g$here" up && ip -n "$name" addr add "10.77.0.$((i + 1))/24" dev eth0 || return
    ip -n "$name" link set eth0 up && ip -n "$name" link set lo up || return
  done
}
make_hosts 2>reason || { reason=$(cat reason); gone; rm reason; skip "network namespaces are not allowed here: $reason"; }
rm -f reason
source "$(dirname "$0")/small_text.sh"
trap 'gone; rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# What ssh would be: agent OPTION... ADDRESS COMMAND...
cat >agent <<END
#!/usr/bin/env bash
while [[ \$1 == -* ]]; do shift; done
hosts=(${hosts[*]})
host=\${hosts[\${1##*.} - 1]}
shift
exec ip netns exec "g$here\$host" unshare --uts sh -c "hostname \$host; \$*"
END
chmod +x agent
printf '10.77.0.%s slots=1\n' 1 2 3 >hostfile
on_hosts() {
  ip netns exec "g${here}a" unshare --uts sh -c 'hostname a; exec "$@"' - timeout 200 "$mpirun" --hostfile hostfile --map-by node \
    --mca plm_rsh_agent "$PWD/agent" --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 -n 3 "$@" </dev/null
}
recipe=(train --train train.de train.en "${small[@]}" --groups 3 --dropout 0.2 --epochs 3 --threads 1)
sums() { sha256sum <"$1/model.safetensors"; }

"$gradus" "${recipe[@]}" --model one >/dev/null
expect 0 "" on_hosts "$gradus" "${recipe[@]}" --model three
check "three hosts train to the bits of one" test "$(sums three)" = "$(sums one)"

slow=0
for host in "${hosts[@]}"; do
  ip netns exec "g$here$host" tc qdisc add dev eth0 root netem delay 3ms 2ms loss 2% 2>/dev/null && slow=$((slow + 1))
done
if [ $slow -eq 3 ]; then
  expect 0 "" on_hosts "$gradus" "${recipe[@]}" --model slow
  check "so they do with delay and loss" test "$(sums slow)" = "$(sums one)"
else
  echo "left out: links with delay and loss; this kernel has no netem"
fi

# A link that is cut: every rank ends by itself, and whoever is left goes on.
ranks() { pgrep -f "^$gradus .*--model cut( |$)"; }
on_hosts "$gradus" "${recipe[@]}" --model cut --epochs 500 --patience 500 --save-every 5steps >output 2>&1 &
for _ in $(seq 500); do [ -e cut/log.jsonl ] && [ "$(wc -l <cut/log.jsonl)" -ge 20 ] && break; sleep 0.05; done
ip link set "g${here}c" down
began=$SECONDS
for _ in $(seq 300); do ranks >/dev/null || break; sleep 0.1; done
check "all ranks end when a link is cut" test -z "$(ranks)"
check "within ten seconds" test $((SECONDS - began)) -le 10
ip link set "g${here}c" up  # Open MPI's own processes wait for it
wait
check "and say why" grep -q 'no sign of life from rank' output
expect 0 "" "$gradus" train --resume --model cut --epochs 3
check "whoever goes on comes to the same bits" test "$(sums cut)" = "$(sums one)"
finish
