#!/bin/bash
# The demonstration: plant a leaked port, watch it being born, have it explained, clean up.
# Usage: demo.sh PROBATE FORGETFUL
set -u
probate=$1
forgetful=$2
dir=$(mktemp -d /tmp/probate-demo.XXXXXX)
pids=()

cleanup() {
	for p in "${pids[@]}"; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n# %s\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }

# show_until FD PATTERN: print lines of the descriptor up to the one that matches.
show_until() {
	local line
	while IFS= read -r -t 20 -u "$1" line; do
		printf '%s\n' "$line"
		[[ $line =~ $2 ]] && return
	done
	fail "waited in vain for: $2"
}

# await_ready FIFO_FD: until the program says on stderr that it watches.
await_ready() {
	local line
	while IFS= read -r -t 20 -u "$1" line; do
		[[ $line == 'probate: watching'* ]] && return
		echo "$line" >&2
	done
	fail "probate did not start watching"
}

# A port nobody holds, found by the program that knows.
pick_port() {
	for port in $(seq 8801 8899); do
		"$probate" -q port "$port" >/dev/null 2>&1
		[ $? = 1 ] && return
	done
	fail "no free port between 8801 and 8899"
}

start_server() {
	mkfifo "$dir/in" "$dir/out"
	"$forgetful" "$port" sleep 300 <>"$dir/in" >"$dir/out" 2>&1 &
	server=$!
	pids+=("$server")
	exec 5>"$dir/in" 6<"$dir/out"
}

plant() {
	echo go >&5
	read -r -t 10 -u 6 helper || fail "the server did not start"
	[[ $helper =~ ^[0-9]+$ ]] || fail "$helper"
	pids+=("$helper")
}

kill_server() {
	kill -9 "$server"
	wait "$server" 2>/dev/null
}

free_port() {
	say "kill $helper, as advised, and ask again: probate port $port"
	kill "$helper"
	while kill -0 "$helper" 2>/dev/null; do read -rt 0.02 <> <(:); done
	"$probate" -q port "$port"
	[ $? = 1 ] || fail "port $port should be free now"
}

without_bpf() {
	say "this machine does not let probate load BPF programs:"
	cat "$dir/try"
	say "so no live trace and no history; what one moment shows is read from /proc"
	start_server
	plant
	kill_server
	say "forgetful[$server] listened on 127.0.0.1:$port, started sleep[$helper] and was killed: probate port $port"
	"$probate" port "$port"
	free_port
}

with_bpf() {
	start_server
	mkfifo "$dir/trace" "$dir/trace.err" "$dir/port.err"
	exec 7<>"$dir/trace" 8<>"$dir/trace.err" 9<>"$dir/port.err"
	"$probate" trace --tree "$server" --event fork,exec,bind,listen,exit,transfer,leak \
		>"$dir/trace" 2>"$dir/trace.err" </dev/null &
	trace=$!
	"$probate" port -w "$port" >"$dir/port" 2>"$dir/port.err" </dev/null &
	watch=$!
	pids+=("$trace" "$watch")
	await_ready 8
	await_ready 9

	say "forgetful[$server] listens on 127.0.0.1:$port and starts sleep; then kill -9 $server: probate trace --tree $server"
	plant
	show_until 7 'exec .*sleep'
	kill_server
	show_until 7 ' leak '

	say "the server is dead; who has its port, and why?  probate port -w $port"
	kill -INT "$watch" "$trace"
	wait "$watch"
	awk 'BEGIN { RS = ""; } { last = last == "" || /^(tcp|TCP) /  ? $0 : last "\n\n" $0 } END { print last }' "$dir/port"
	free_port
}

pick_port
"$probate" trace --event fork -- true >"$dir/try" 2>&1 </dev/null
case $? in
0) with_bpf ;;
3) without_bpf ;;
*) cat "$dir/try" >&2; fail "probate trace does not run" ;;
esac
say "done: nothing is left behind"
