# bash completion for probate

_probate() {
	local cur prev commands options word command=
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	commands="trace ports port pid tree zombies report record serve doctor"
	options="--json --watch --quiet --replay --at --since --until --record --force --output --fd=
		--buffer --no-bpf --no-history --help --version"

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -- ]] && { _command_offset $((COMP_CWORD)) 2>/dev/null; return; }
		[[ -z $command && " $commands " == *" $word "* ]] && command=$word
	done

	case $prev in
	-r | --replay | --record | -o | --output)
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--at | --since | --until)
		COMPREPLY=($(compgen -W "-5min -1h -1d $(date +%F)" -- "$cur"))
		return
		;;
	--buffer | --segment-size | --max-size | --checkpoint)
		COMPREPLY=($(compgen -W "8M 64M 1G 8G" -- "$cur"))
		return
		;;
	--segment-age | --max-age)
		COMPREPLY=($(compgen -W "1h 6h 1d 7d" -- "$cur"))
		return
		;;
	--event)
		COMPREPLY=($(compgen -W "fork exec exit reap session signal install close cloexec pass
			socket bind listen connect accept state destroy zombie reparent transfer leak
			lost resync" -- "$cur"))
		return
		;;
	--web.listen-address)
		COMPREPLY=($(compgen -W "127.0.0.1:9977 :9977" -- "$cur"))
		return
		;;
	--web.config.file)
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--web.telemetry-path)
		COMPREPLY=($(compgen -W "/metrics" -- "$cur"))
		return
		;;
	--user)
		COMPREPLY=($(compgen -u -- "$cur"))
		return
		;;
	--pid | --tree | pid | tree)
		if [[ $cur != -* ]]; then
			COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur"))
			return
		fi
		;;
	esac

	case $command in
	"") COMPREPLY=($(compgen -W "$commands $options" -- "$cur")) ;;
	trace)
		COMPREPLY=($(compgen -W "--tree --pid --comm --uid --port --event --raw --list $options --" -- "$cur"))
		;;
	ports) COMPREPLY=($(compgen -W "--leaked --all $options" -- "$cur")) ;;
	report) COMPREPLY=($(compgen -W "port pid --html --perfetto $options" -- "$cur")) ;;
	record)
		if [[ $cur != -* ]]; then
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$cur"))
			return
		fi
		COMPREPLY=($(compgen -W "--segment-size --segment-age --max-size --max-age --checkpoint
			$options" -- "$cur"))
		;;
	serve)
		options="--json --quiet --record --force --fd= --buffer --help --version"
		for word in process pids zombie socket tcp program unit self bpf; do
			options+=" --collector.$word --no-collector.$word"
		done
		COMPREPLY=($(compgen -W "--web.listen-address --web.telemetry-path --web.config.file
			--web.allow-host --web.systemd-socket --user --list --segment-size --segment-age --max-size
			--max-age --checkpoint $options" -- "$cur"))
		;;
	*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
	esac
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -F _probate probate
